"""wechatpy, written by others and for the real WeChat, does its work against the sandbox."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from sandbox.accounts import MINI, SERVICE
from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import Listener
from tests.sandbox.test_mini import DATA
from tests.sandbox.test_pushes import ask, listener_url, tap, until
from tests.sandbox.test_template_messages import message
from tests.sdk.conftest import tapped
from tests.support.codes import read_codes

pytestmark = pytest.mark.slow("servers")
NURSE, ENGINEER, STRANGER = PHONES["nurse"], PHONES["engineer"], PHONES["stranger"]


def test_it_fetches_a_token_and_sends_a_template(client: WeChatClient, sandbox: Running) -> None:
    wanted = message()
    sent = client.message.send_template(ENGINEER.openid, wanted["template_id"], wanted["data"], url=wanted["url"])

    [delivered] = requests.get(f"{sandbox.url}/sandbox/messages", timeout=5).json()["messages"]
    assert str(sent["msgid"]) == delivered["msgid"]
    assert delivered["openid"] == ENGINEER.openid


def test_it_renews_a_token_that_was_revoked(client: WeChatClient, sandbox: Running) -> None:
    assert client.user.get(NURSE.openid)["subscribe"] == 1
    requests.post(f"{sandbox.url}/sandbox/revoke", json={"account": "service"}, timeout=5).raise_for_status()

    assert client.user.get(STRANGER.openid) == {"subscribe": 0, "openid": STRANGER.openid}
    assert requests.get(f"{sandbox.url}/sandbox/calls", timeout=5).json()["/cgi-bin/token"] == 2


def test_it_understands_a_refusal(client: WeChatClient) -> None:
    with pytest.raises(WeChatClientException) as caught:
        client.message.send_template(STRANGER.openid, "sandbox-finished", DATA)

    assert caught.value.errcode == 43004
    assert caught.value.errmsg.startswith("require subscribe rid: ")


def test_it_makes_codes_and_shows_them(client: WeChatClient, sandbox: Running) -> None:
    wanted = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "bind-7"}}, "expire_seconds": 600}
    made = client.qrcode.create(wanted)

    shown = urlsplit(client.qrcode.get_url(made))
    picture = requests.get(f"{sandbox.url}{shown.path}?{shown.query}", timeout=5).content
    assert [read.text for read in read_codes(Image.open(BytesIO(picture)))] == [made["url"]]


def test_it_signs_a_page(client: WeChatClient, sandbox: Running) -> None:
    url = f"{listener_url(sandbox)}/engineer"
    ticket = client.jsapi.get_jsapi_ticket()
    signature = client.jsapi.get_jsapi_signature("n", ticket, 1, url)

    asked = {"appId": SERVICE.appid, "timestamp": "1", "nonceStr": "n", "signature": signature, "url": url}
    assert "config:ok" in requests.get(f"{sandbox.url}/open/js/jweixin-1.6.0.js", params=asked, timeout=5).text


def test_it_signs_a_person_in_once(sandbox: Running) -> None:
    back = f"{listener_url(sandbox)}/back"
    oauth = WeChatOAuth(SERVICE.appid, SERVICE.secret, back, state="s1")
    with to_sandbox(oauth._http, sandbox):  # noqa: SLF001 wechatpy offers no other way to another host
        code = tapped(sandbox, oauth.authorize_url, "nurse")
        signed_in = oauth.fetch_access_token(code)

        assert signed_in["openid"] == NURSE.openid
        assert oauth.check_access_token()
        assert oauth.refresh_access_token(signed_in["refresh_token"])["openid"] == NURSE.openid
        with pytest.raises(WeChatOAuthException) as caught:
            oauth.fetch_access_token(code)
    assert caught.value.errcode == 40163


@pytest.mark.parametrize("client", [MINI], indirect=True)
def test_it_serves_the_mini_program(client: WeChatClient, sandbox: Running) -> None:
    js_code = requests.post(f"{sandbox.url}/sandbox/codes", json={"phone": "nurse"}, timeout=5).json()["code"]
    credit = {"phone": "nurse", "template_id": "sandbox-mini-finished"}
    requests.post(f"{sandbox.url}/sandbox/credits", json=credit, timeout=5).raise_for_status()

    assert client.wxa.code_to_session(js_code)["openid"] == NURSE.mini_openid
    client.wxa.send_subscribe_message(NURSE.mini_openid, "sandbox-mini-finished", DATA)
    with pytest.raises(WeChatClientException, match="43101"):
        client.wxa.send_subscribe_message(NURSE.mini_openid, "sandbox-mini-finished", DATA)
    code = client.wxa.get_wxa_code_unlimited("r=7", page="pages/rate/index")
    assert Image.open(BytesIO(code.content)).format == "JPEG"


def test_it_reads_what_is_pushed(sandbox: Running, listener: Listener) -> None:
    crypto = WeChatCrypto(SERVICE.token, SERVICE.aes_key, SERVICE.appid)
    tap(sandbox, "stranger", "scan", scene="bind-7")
    until(lambda: len(listener.got) == 1)
    _, query, body = listener.got[0]
    plain = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])

    event = parse_message(plain)
    assert (event.event, event.scene_id, event.source) == ("subscribe_scan", "bind-7", STRANGER.openid)


def test_it_reads_what_is_pushed_in_json(sandbox: Running, listener: Listener) -> None:
    crypto = WeChatCrypto(MINI.token, MINI.aes_key, MINI.appid)
    ask(sandbox, account="mini", fields={"MsgType": "text", "Content": "打印机坏了", "MsgId": 1})
    _, query, body = listener.got[0]
    plain = crypto.decrypt_message(json.loads(body), query["msg_signature"], query["timestamp"], query["nonce"])

    assert json.loads(plain)["Content"] == "打印机坏了"


class ToSandbox(HTTPAdapter):
    """WeChat's hosts are written into wechatpy."""

    def __init__(self, sandbox: Running) -> None:
        super().__init__()
        self._netloc = urlsplit(sandbox.url).netloc

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        asked = urlsplit(request.url or "")
        assert str(asked.hostname).endswith(".weixin.qq.com")
        request.url = asked._replace(scheme="http", netloc=self._netloc).geturl()
        return super().send(request, *args, **options)


def to_sandbox(session: requests.Session, sandbox: Running) -> requests.Session:
    session.mount("https://", ToSandbox(sandbox))
    return session


@pytest.fixture
def client(request: pytest.FixtureRequest, sandbox: Running) -> Iterator[WeChatClient]:
    account = getattr(request, "param", SERVICE)
    made = WeChatClient(account.appid, account.secret, timeout=5)
    with to_sandbox(made._http, sandbox):  # noqa: SLF001 as above
        yield made
