"""Asking WeChat what a code proves, while somebody waits: few at a time, its errors as refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from app.errors import Refused
from app.http import rate_limits
from app.http.context import runtime
from wechat.errors import Action, WeChatError

T = TypeVar("T")


@dataclass(frozen=True)
class Who:
    """A WeChat user as one account knows them; of WeCom, `openid` is the user id."""

    appid: str
    openid: str
    unionid: str | None


def exchanged(ask: Callable[[], T], *, known: bool = False) -> T:
    """What WeChat says of a code that proves something once; raises Refused where it says nothing good.

    `known` is who signed in here before; somebody new is taken for a stranger where made-up codes come from.
    """
    with runtime().exchanges.turn(stranger=not (known or rate_limits.codes_were_right())) as ours:
        if not ours:
            raise Refused("wechat_busy")
        try:
            return ask()
        except WeChatError as error:
            log = structlog.get_logger().bind(errcode=error.errcode, rid=error.rid)
            if error.action in {Action.LOGIN_AGAIN, Action.REFUSED}:
                rate_limits.count_wrong_code()
                raise Refused("sign_in_again") from error
            log.error("the code exchange failed", action=error.action.value)
            raise Refused("wechat_busy") from error
