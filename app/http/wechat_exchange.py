"""Asking WeChat what a code proves, while somebody waits: few at a time, its errors as refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from app.errors import Refused
from app.http.context import runtime
from wechat.errors import Action, WeChatError

T = TypeVar("T")


@dataclass(frozen=True)
class Who:
    """A WeChat user as one account knows them; of WeCom, `openid` is the user id."""

    appid: str
    openid: str
    unionid: str | None


def exchanged(ask: Callable[[], T]) -> T:
    """What WeChat says of a code that proves something once; raises Refused where it says nothing good."""
    turn = runtime().exchanges
    if not turn.acquire(blocking=False):
        raise Refused("wechat_busy")
    try:
        return ask()
    except WeChatError as error:
        log = structlog.get_logger().bind(errcode=error.errcode, rid=error.rid)
        if error.action in {Action.LOGIN_AGAIN, Action.REFUSED}:
            raise Refused("sign_in_again") from error
        log.error("the code exchange failed", action=error.action.value)
        raise Refused("wechat_busy") from error
    finally:
        turn.release()
