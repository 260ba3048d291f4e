"""wechatpy, written by others, against the sandbox ours is tested with."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from sandbox.accounts import SERVICE
from sandbox.phones import PHONES
from tests.wechat.conftest import World
from tests.wechat.messages import ENGINEER, FINISHED, SEND, TOKEN
from tests.wechat.test_oauth import RETURN, code_of


def test_wechatpy_sends_a_template_message(world: World, client: WeChatClient) -> None:
    reply = client.message.send_template(ENGINEER, FINISHED["template_id"], data(), url=FINISHED["url"])

    [message] = world.delivered()
    assert str(reply["msgid"]) == message["msgid"]
    assert message["fields"] == FINISHED["fields"]


def test_wechatpy_understands_a_refusal(client: WeChatClient) -> None:
    with pytest.raises(WeChatClientException) as caught:
        client.message.send_template(PHONES["stranger"].openid, FINISHED["template_id"], data())

    assert caught.value.errcode == 43004
    assert caught.value.errmsg.startswith("require subscribe rid: ")


def test_wechatpy_signs_a_person_in_once(world: World) -> None:
    oauth = WeChatOAuth(SERVICE.appid, SERVICE.secret, RETURN)
    with to_sandbox(Session(), world.sandbox.url) as session:
        oauth._http = session  # noqa: SLF001 wechatpy offers no other way to another host
        code = code_of(world, "nurse")

        assert oauth.fetch_access_token(code)["openid"] == PHONES["nurse"].openid
        with pytest.raises(WeChatOAuthException) as caught:
            oauth.fetch_access_token(code)

    assert caught.value.errcode == 40163


class ToSandbox(HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._target = urlsplit(url)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        parts = urlsplit(request.url or "")
        request.url = urlunsplit((self._target.scheme, self._target.netloc, *parts[2:]))
        return super().send(request, *args, **options)


def to_sandbox(session: Session, url: str) -> Session:
    session.mount("https://", ToSandbox(url))
    return session


def data() -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in FINISHED["fields"].items()}


@pytest.fixture
def client(world: World) -> Iterator[WeChatClient]:
    client = WeChatClient(SERVICE.appid, SERVICE.secret, timeout=5, auto_retry=False)
    with to_sandbox(client._http, world.sandbox.url):  # noqa: SLF001 as above
        # wechatpy knows no stable_token; its general call fetches one, which it then keeps as its own.
        client.session.set(f"{SERVICE.appid}_access_token", "none yet", 60)
        body = {"grant_type": "client_credential", "appid": SERVICE.appid, "secret": SERVICE.secret}
        fetched = client.post(f"https://api.weixin.qq.com{TOKEN}", data=body)
        client.session.set(f"{SERVICE.appid}_access_token", fetched["access_token"], fetched["expires_in"])
        client.expires_at = None
        yield client
    assert world.calls(SEND) == 1
