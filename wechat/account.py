import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from wechat.http import Call, Reply, Wire
from wechat.token import SharedToken, TokenStore, stable_token
from wechat.token_client import Calls


@dataclass(frozen=True)
class Account:
    """A service account or a mini-program, and where WeChat's servers are."""

    appid: str
    secret: str = field(repr=False)
    api_url: str = "https://api.weixin.qq.com"
    backup_url: str | None = None
    open_url: str = "https://open.weixin.qq.com"
    proxy: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PageSignature:
    """What `wx.config` wants to know of the page it runs on."""

    appid: str
    timestamp: int
    nonce: str
    signature: str


@lru_cache(maxsize=8)
def wire_of(account: Account) -> Wire:
    return Wire(account.api_url, account.backup_url, proxy=account.proxy, pepper=account.secret)


def calls_of(account: Account, store: TokenStore, clock: Callable[[], datetime]) -> Calls:
    wire = wire_of(account)
    return Calls(wire, stable_token(wire, store, appid=account.appid, secret=account.secret), clock=clock)


class ServiceAccount:
    """What the service account (服务号) can do for us. Safe to share between threads."""

    def __init__(self, account: Account, store: TokenStore, *, clock: Callable[[], datetime]) -> None:
        self._appid = account.appid
        self._clock = clock
        self._calls = calls_of(account, store, clock)
        self._ticket = SharedToken(
            self._calls.wire, store, f"wechat-ticket-{account.appid}", self._fetch_ticket, name="ticket"
        )

    def send_template(
        self, to: str, *, template_id: str, fields: Mapping[str, str], url: str, client_msg_id: str
    ) -> str:
        """The msgid. WeChat sends one `client_msg_id` to one openid once in ten minutes."""
        message = {
            "touser": to,
            "template_id": template_id,
            "url": url,
            "client_msg_id": client_msg_id,
            "data": {name: {"value": value} for name, value in fields.items()},
        }
        reply = self._calls.ask(Call("/cgi-bin/message/template/send", body=message, person=to))
        if "msgid" not in reply:
            raise self._calls.wire.broken_reply()
        return str(reply["msgid"])

    def create_code(self, scene: str, *, seconds: int) -> str:
        """The address to draw as a QR code; who scans it sends us `scene`. It lives at most 30 days."""
        body = {
            "expire_seconds": seconds,
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        url = self._calls.look_up(Call("/cgi-bin/qrcode/create", body=body)).get("url")
        if not isinstance(url, str) or not url:
            raise self._calls.wire.broken_reply()
        return url

    def follows(self, openid: str) -> bool:
        reply = self._calls.look_up(
            Call("/cgi-bin/user/info", query={"openid": openid, "lang": "zh_CN"}, person=openid)
        )
        return reply.get("subscribe") == 1

    def sign_page(self, url: str, *, nonce: str) -> PageSignature | None:
        """For the JS-SDK on the page at `url`, exactly as the phone shows it.

        Asks nobody: None while no ticket is at hand, which `renew_ticket` fetches.
        """
        at = self._clock()
        ticket, timestamp = self._ticket.usable(at), int(at.timestamp())
        if ticket is None:
            return None
        signature = page_signature(ticket, nonce=nonce, timestamp=timestamp, url=url)
        return PageSignature(self._appid, timestamp, nonce, signature)

    def renew_ticket(self) -> None:
        self._ticket.get(self._clock())

    def _fetch_ticket(self) -> Reply:
        return self._calls.look_up(Call("/cgi-bin/ticket/getticket", query={"type": "jsapi"}))


def page_signature(ticket: str, *, nonce: str, timestamp: int, url: str) -> str:
    plain = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.split('#')[0]}"
    return hashlib.sha1(plain.encode()).hexdigest()  # noqa: S324 WeChat's choice
