import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from wechat.errors import NOBODY_TO_REACH, WECOM, WeChatError
from wechat.http import CODE_SECONDS, Call, Wire
from wechat.oauth import authorize_address
from wechat.template_fields import cut_bytes
from wechat.token import SharedToken, TokenStore
from wechat.token_client import Calls

_TITLE_BYTES, _TEXT_BYTES = 128, 512
_SAME_MESSAGE_SECONDS = 1800
# No list of several, and not @all, which is everybody in the hospital.
USER_ID = re.compile("[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class WeComUser:
    """A member has a user id, anybody else an openid."""

    user_id: str | None = field(repr=False)
    openid: str | None = field(repr=False)


class WeCom:
    """A self-built app (自建应用) of the hospital's WeCom (企业微信). Safe to share between threads."""

    def __init__(
        self,
        store: TokenStore,
        *,
        corpid: str,
        agentid: int,
        secret: str,
        clock: Callable[[], datetime],
        url: str = "https://qyapi.weixin.qq.com",
        open_url: str = "https://open.weixin.qq.com",
        proxy: str | None = None,
    ) -> None:
        self._corpid = corpid
        self._agentid = agentid
        self._open_url = open_url
        self._wire = Wire(url, proxy=proxy, rules=WECOM, pepper=secret)
        key = f"wecom-token-{corpid}-{agentid}"
        fetch = Call("/cgi-bin/gettoken", {"corpid": corpid, "corpsecret": secret}, hide=(secret,))
        token = SharedToken(self._wire, store, key, lambda: self._wire.look_up(fetch), name="access_token")
        self._calls = Calls(self._wire, token, clock=clock)

    def send_card(self, user_id: str, *, title: str, text: str, url: str) -> str:
        """The msgid. WeCom drops the same card, byte for byte, when it comes again within half an hour."""
        if not USER_ID.fullmatch(user_id):
            raise _nobody()
        card = {"title": cut_bytes(title, _TITLE_BYTES), "description": cut_bytes(text, _TEXT_BYTES), "url": url}
        message = {
            "touser": user_id,
            "msgtype": "textcard",
            "agentid": self._agentid,
            "textcard": card,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": _SAME_MESSAGE_SECONDS,
        }
        reply = self._calls.ask(Call("/cgi-bin/message/send", body=message, person=user_id))
        if reply.get("invaliduser") or reply.get("unlicenseduser"):
            raise _nobody()
        return str(reply.get("msgid", ""))

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        return authorize_address(
            self._open_url, self._corpid, redirect_uri, state, scope="snsapi_base", agentid=str(self._agentid)
        )

    def user(self, code: str) -> WeComUser:
        """Who came back from `authorize_url`. A code works once, so it is never tried again here."""
        call = Call("/cgi-bin/auth/getuserinfo", {"code": code}, hide=(code,), timeout=CODE_SECONDS)
        reply = self._calls.ask(call)
        user_id, openid = _text(reply, "userid", "UserId"), _text(reply, "openid", "OpenId")
        if not user_id and not openid:
            raise self._wire.broken_reply()
        # User ids are the same in any case.
        return WeComUser(user_id.lower() if user_id else None, openid)


def _nobody() -> WeChatError:
    return WeChatError("nobody of this name can be reached", errcode=NOBODY_TO_REACH, rules=WECOM)


def _text(reply: dict[str, object], *spellings: str) -> str | None:
    found = (reply.get(name) for name in spellings)
    return next((value for value in found if isinstance(value, str) and value), None)
