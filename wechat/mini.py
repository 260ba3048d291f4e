from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from wechat.account import Account, calls_of
from wechat.http import CODE_SECONDS, PICTURE_SECONDS, Call
from wechat.token import TokenStore

Suggestion = Literal["pass", "review", "risky"]


@dataclass(frozen=True)
class MiniSession:
    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    session_key: str = field(repr=False)


@dataclass(frozen=True)
class TextCheck:
    """`label` is WeChat's number for what is wrong with the text, 100 for nothing."""

    suggest: Suggestion
    label: int
    trace_id: str


class MiniProgram:
    """What the mini-program (小程序) can do for us. Safe to share between threads."""

    def __init__(self, account: Account, store: TokenStore, *, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._calls = calls_of(account, store, clock)
        self._wire = self._calls.wire

    def session(self, js_code: str) -> MiniSession:
        """Who has just signed in. A code works once, so it is never tried again here; and no token is sent."""
        query = {
            "appid": self._account.appid,
            "secret": self._account.secret,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        hide = (self._account.secret, js_code)
        reply = self._wire.ask(Call("/sns/jscode2session", query, hide=hide, timeout=CODE_SECONDS))
        openid, session_key = reply.get("openid"), reply.get("session_key")
        if not isinstance(openid, str) or not openid or not isinstance(session_key, str):
            raise self._wire.broken_reply()
        unionid = reply.get("unionid")
        return MiniSession(openid, unionid if isinstance(unionid, str) and unionid else None, session_key)

    def phone_number(self, code: str) -> str:
        """Without its country code. The code is the phone-number button's, not that of the sign-in."""
        call = Call("/wxa/business/getuserphonenumber", body={"code": code}, hide=(code,), timeout=CODE_SECONDS)
        reply = self._calls.ask(call)
        found = reply.get("phone_info")
        number = found.get("purePhoneNumber") if isinstance(found, dict) else None
        if not isinstance(number, str) or not number:
            raise self._wire.broken_reply()
        return number

    def send_subscription(self, to: str, *, template_id: str, fields: Mapping[str, str], page: str) -> str:
        """The msgid where WeChat tells one, else empty. Each costs one consent, and a repetition another."""
        message = {
            "touser": to,
            "template_id": template_id,
            "page": page,
            "miniprogram_state": "formal",
            "lang": "zh_CN",
            "data": {name: {"value": value} for name, value in fields.items()},
        }
        reply = self._calls.ask(Call("/cgi-bin/message/subscribe/send", body=message, person=to))
        return str(reply.get("msgid", ""))

    def check_text(self, openid: str, text: str, *, scene: int = 2) -> TextCheck:
        """Only of somebody who used the mini-program in the last two hours. Scene 2 is a comment."""
        body = {"content": text, "version": 2, "scene": scene, "openid": openid}
        reply = self._calls.look_up(Call("/wxa/msg_sec_check", body=body, person=openid))
        result = reply.get("result")
        suggest, label = (result.get("suggest"), result.get("label")) if isinstance(result, dict) else (None, None)
        if suggest not in {"pass", "review", "risky"} or not isinstance(label, int):
            raise self._wire.broken_reply()
        return TextCheck(cast(Suggestion, suggest), label, str(reply.get("trace_id", "")))

    def code_image(self, scene: str, *, page: str, width: int) -> bytes:
        """A mini-program code that lasts for ever; `scene` has at most 32 characters of WeChat's choice."""
        body = {"scene": scene, "page": page, "width": width}
        return self._calls.picture(Call("/wxa/getwxacodeunlimit", body=body, timeout=PICTURE_SECONDS))
