from collections.abc import Sequence

from wechat.errors import WECOM
from wechat.http import Call, Wire
from wechat.template_fields import cut_bytes
from wechat.wecom import USER_ID

_TEXT_BYTES = 2048


class Robot:
    """The robot of a WeCom group (群机器人): twenty messages a minute, and whoever has the key may speak."""

    def __init__(self, key: str, *, url: str = "https://qyapi.weixin.qq.com", proxy: str | None = None) -> None:
        self._key = key
        self._wire = Wire(url, proxy=proxy, rules=WECOM)

    def send_text(self, text: str, *, mentioned: Sequence[str] = ()) -> None:
        """`mentioned` are user ids of members; what is none calls nobody. Nothing tells WeCom that it comes twice."""
        content: dict[str, object] = {"content": cut_bytes(text, _TEXT_BYTES)}
        if members := [one for one in mentioned if USER_ID.fullmatch(one)]:
            content["mentioned_list"] = members
        message = {"msgtype": "text", "text": content}
        self._wire.ask(Call("/cgi-bin/webhook/send", {"key": self._key}, message, hide=(self._key,)))
