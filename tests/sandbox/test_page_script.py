"""The script of pages inside WeChat: what it is configured with is checked, and codes are scanned by typing."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests
from playwright.sync_api import Browser, Page
from wechatpy import WeChatClient

from sandbox.accounts import SERVICE
from sandbox.server import Running, serve
from tests.sandbox.conftest import APP_URL, CREDENTIALS, Post
from tests.support.browser import open_phone

SCRIPT = "/open/js/jweixin-1.6.0.js"
URL = f"{APP_URL}/engineer?x=1"
CONFIG = {"appId": SERVICE.appid, "timestamp": "1795000000", "nonceStr": "n"}


def test_a_signature_over_the_page_is_right(running: Running, get: Post, token: str) -> None:
    assert verdict(running, signed(get, token, URL), URL) == "config:ok"


@pytest.mark.parametrize(
    ("change", "url", "expected"),
    [
        ({}, f"{APP_URL}/engineer", "config:invalid signature"),
        ({"nonceStr": "m"}, URL, "config:invalid signature"),
        ({"timestamp": "1"}, URL, "config:invalid signature"),
        ({"appId": "wx0"}, URL, "config:invalid appid"),
        ({}, "http://elsewhere.example/", "config:invalid url domain"),
    ],
)
def test_any_other_is_not(
    change: dict[str, str], url: str, expected: str, running: Running, get: Post, token: str
) -> None:
    assert verdict(running, {**signed(get, token, URL), **change}, url) == expected


def test_the_script_is_script_and_no_secret_is_in_it(running: Running) -> None:
    answer = requests.get(running.url + SCRIPT, timeout=5)

    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "window.wx" in answer.text


@pytest.mark.slow("a browser")
def test_a_page_scans_by_typing_under_a_policy_that_names_the_script_alone(shown: Page) -> None:
    shown.wait_for_function("window.told.length == 1")
    assert shown.evaluate("told") == ["ready"]
    shown.evaluate("wx.scanQRCode({needResult: 1, success: (got) => told.push(got.resultStr)})")
    shown.get_by_label("扫一扫").fill("http://localhost/r/abc")
    shown.get_by_role("button", name="扫码").click()
    assert shown.evaluate("told") == ["ready", "http://localhost/r/abc"]
    shown.evaluate("wx.scanQRCode({cancel: (got) => told.push(got.errMsg)})")
    shown.get_by_role("button", name="取消").click()
    shown.evaluate("wx.hideMenuItems({fail: (got) => told.push(got.errMsg)})")
    shown.evaluate("wx.checkJsApi({jsApiList: ['scanQRCode', 'fly'], success: (got) => told.push(got.checkResult)})")
    assert shown.evaluate("told.slice(2)") == [
        "scanQRCode:cancel",
        "hideMenuItems:permission denied",
        {"scanQRCode": True, "fly": False},
    ]


@pytest.mark.slow("a browser")
@pytest.mark.parametrize("address", ["/?wrong"])
def test_a_page_whose_signature_is_wrong_is_told_and_may_nothing(shown: Page) -> None:
    shown.wait_for_function("window.told.length == 2")
    assert shown.evaluate("told") == ["config:invalid signature", "ready"]
    shown.evaluate("wx.scanQRCode({fail: (got) => told.push(got.errMsg)})")
    assert shown.evaluate("told.slice(2)") == ["scanQRCode:permission denied"]


def signed(get: Post, token: str, url: str) -> dict[str, str]:
    """As wechatpy signs."""
    ticket = get("/cgi-bin/ticket/getticket", access_token=token, type="jsapi")["ticket"]
    theirs = WeChatClient(SERVICE.appid, SERVICE.secret).jsapi
    return {**CONFIG, "signature": theirs.get_jsapi_signature("n", ticket, CONFIG["timestamp"], url)}


def verdict(running: Running, config: dict[str, str], url: str) -> str:
    answer = requests.get(running.url + SCRIPT, params={**config, "url": url}, timeout=5)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    judged = re.fullmatch(r"wx\._judged\('(.*)'\);\n", answer.text)
    assert judged
    return judged[1]


@pytest.fixture
def address() -> str:
    return "/"


@pytest.fixture
def shown(address: str, browser: Browser) -> Iterator[Page]:
    """A page of an app, configured by a signature over its address; a wrong one over another."""

    class App(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, kind = (own, "text/javascript") if self.path == "/own.js" else (page, "text/html")
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", f"default-src 'none'; script-src 'self' {script}")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        app_url = f"http://localhost:{server.server_port}"
        with serve(app_url=app_url, environ={"APP_ENV": "test"}) as sandbox:
            script = sandbox.url + SCRIPT
            own = configured(sandbox, f"{app_url}/")
            page = f'<!doctype html><script src="{script}"></script><body><script src="/own.js"></script>'
            Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            with open_phone(browser) as phone:
                tab = phone.new_page()
                tab.goto(app_url + address)
                yield tab
        server.shutdown()


def configured(sandbox: Running, url: str) -> str:
    def get(path: str, **query: str) -> dict[str, str]:
        reply: dict[str, str] = requests.get(sandbox.url + path, params=query, timeout=5).json()
        return reply

    token = requests.post(f"{sandbox.url}/cgi-bin/stable_token", json=CREDENTIALS, timeout=5).json()["access_token"]
    config = {**signed(get, token, url), "jsApiList": ["scanQRCode"]}
    return (
        f"window.told = []; wx.config({config!r}); wx.ready(() => told.push('ready'));"
        " wx.error((got) => told.push(got.errMsg));"
    )
