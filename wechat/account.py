from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wechat.errors import STALE_TOKEN, WeChatError
from wechat.token import StableToken, TokenStore
from wechat.wire import broken_reply, wire_to


@dataclass(frozen=True)
class Account:
    appid: str
    secret: str = field(repr=False)
    api_url: str = "https://api.weixin.qq.com"
    open_url: str = "https://open.weixin.qq.com"
    proxy: str | None = field(default=None, repr=False)


class ServiceAccount:
    """What the service account can do for us. Safe to share between threads."""

    def __init__(self, account: Account, store: TokenStore, *, clock: Callable[[], datetime]) -> None:
        self._wire = wire_to(account.api_url, account.proxy)
        self._token = StableToken(self._wire, store, appid=account.appid, secret=account.secret)
        self._clock = clock

    def send_template(
        self, to: str, *, template_id: str, fields: Mapping[str, str], url: str, client_msg_id: str
    ) -> str:
        """The msgid. WeChat sends one `client_msg_id` to one openid once in ten minutes.

        A stale token is renewed once; any other repetition is the caller's, by the action of the error.
        """
        message = {
            "touser": to,
            "template_id": template_id,
            "url": url,
            "client_msg_id": client_msg_id,
            "data": {name: {"value": value} for name, value in fields.items()},
        }
        token = self._token.get(self._clock())
        try:
            return self._send(message, token)
        except WeChatError as error:
            if error.errcode not in STALE_TOKEN:
                raise
        return self._send(message, self._token.renew(token, self._clock()))

    def _send(self, message: Mapping[str, object], token: str) -> str:
        reply = self._wire.post(
            "/cgi-bin/message/template/send",
            message,
            {"access_token": token},
            hide=[token, str(message["touser"])],
        )
        if "msgid" not in reply:
            raise broken_reply()
        return str(reply["msgid"])
