import json
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
import requests

from sandbox.phones import PHONES
from sandbox.server import Running, serve
from tests.sandbox.conftest import APP_URL, Post, Seconds
from tests.sandbox.test_template_messages import PATH, message


def test_every_phone_has_a_page_and_an_openid_like_wechats(running: Running) -> None:
    start = requests.get(running.url, timeout=5).text
    for phone in PHONES.values():
        assert len(phone.openid) == 28
        assert phone.openid.startswith("o")
        assert f"/handset/{phone.name}" in start
        assert phone.label in page(running, phone.name)
    assert len({phone.openid for phone in PHONES.values()}) == 4


def test_a_delivered_message_lies_in_the_inbox_newest_first(running: Running, post: Post, token: str) -> None:
    post(PATH, {**message(thing3="三楼"), "client_msg_id": "1"}, access_token=token)
    post(PATH, {**message(thing3="<四楼>"), "client_msg_id": "2"}, access_token=token)

    for address in ("engineer", "engineer/inbox"):
        shown = page(running, address)
        assert shown.index("&lt;四楼&gt;") < shown.index("三楼")
        assert "工单派发通知" in shown
        assert "服务地点" in shown
        assert "/phone/engineer/open?url=http://localhost:18999/r/abc" in shown
    assert "三楼" not in page(running, "nurse")


def test_times_are_those_of_the_hospital(running: Running, post: Post, token: str) -> None:
    post(PATH, message(), access_token=token)
    sent = datetime.fromtimestamp(Seconds.now, ZoneInfo("Asia/Shanghai"))
    assert sent.strftime(">%m-%d %H:%M<") in page(running, "engineer/inbox")


def test_a_message_without_a_link_has_none(running: Running, post: Post, token: str) -> None:
    post(PATH, {**message(), "url": ""}, access_token=token)

    assert "查看详情" not in page(running, "engineer/inbox")


def test_a_link_is_opened_as_the_owner_of_the_phone(running: Running) -> None:
    answer = opened(running, "nurse", f"{APP_URL}/r/abc?x=1&y=2#part")

    assert answer.headers["Location"] == f"{APP_URL}/seat/nurse/demo/phone?to=%2Fr%2Fabc%3Fx%3D1%26y%3D2"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("sandbox_phone=nurse;")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_address_of_the_app_alone_opens_its_first_page(running: Running) -> None:
    assert opened(running, "nurse", APP_URL).headers["Location"].endswith("/seat/nurse/demo/phone?to=%2F")


def test_a_link_out_of_another_phones_window_opens_on_this_one(running: Running) -> None:
    answer = opened(running, "nurse", f"{APP_URL}/seat/engineer/r/abc")
    assert answer.headers["Location"] == f"{APP_URL}/seat/nurse/demo/phone?to=%2Fr%2Fabc"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "r/abc",
        "javascript:alert(1)",
        "https://localhost:18999/r/abc",
        "http://localhost/r/abc",
        "http://localhost:18999@evil.example/",
        "http://evil.example/",
        "http://localhost:18999.evil.example/",
        "http://localhost:18999\\@evil.example/",
        "http://localhost:18999/\nx",
        "http://[localhost:18999/",
    ],
)
def test_a_link_that_leads_elsewhere_is_not_opened(running: Running, url: str) -> None:
    answer = opened(running, "nurse", url)

    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers
    assert "打不开" in answer.text


@pytest.mark.parametrize("address", ["ghost", "ghost/inbox", "ghost/open?url=x"])
def test_an_unknown_phone_is_a_friendly_404(running: Running, address: str) -> None:
    answer = requests.get(f"{running.url}/phone/{address}", timeout=5)

    assert answer.status_code == 404
    assert "没有这部手机" in answer.text


def test_pages_carry_the_banner_and_a_strict_policy(running: Running) -> None:
    answer = requests.get(f"{running.url}/phone/nurse", timeout=5)

    assert "沙箱" in answer.text
    assert "style=" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for path in ("sandbox.css", "inbox.js", "icon.svg"):
        assert requests.get(f"{running.url}/static/{path}", timeout=5).status_code == 200


def test_on_a_pc_a_phone_is_a_frame_in_which_all_stays(running: Running) -> None:
    answer = requests.get(f"{running.url}/handset/nurse", params={"url": "http://localhost/r/abc"}, timeout=5)

    assert '<iframe src="/phone/nurse/open?url=http://localhost/r/abc"' in answer.text
    assert "frame-src 'self' http" in answer.headers["Content-Security-Policy"]
    assert requests.get(f"{running.url}/handset/ghost", timeout=5).status_code == 404


def test_codes_the_app_offers_can_be_scanned(offering: ThreadingHTTPServer) -> None:
    app_url = f"http://localhost:{offering.server_port}"
    with serve(app_url=app_url, environ={"APP_ENV": "test"}) as sandbox:
        shown = page(sandbox, "nurse")

    assert "工单 7" in shown
    assert f"/phone/nurse/open?url={app_url}/r/abc" in shown


def test_without_an_answer_of_the_app_a_link_can_still_be_pasted(running: Running) -> None:
    shown = page(running, "nurse")

    assert 'name="url"' in shown
    assert "工单 7" not in shown


def test_codes_that_are_no_codes_are_left_out(running: Running) -> None:
    with serve(app_url=running.url, environ={"APP_ENV": "test"}) as sandbox:
        assert 'name="url"' in page(sandbox, "nurse")


def page(running: Running, address: str) -> str:
    answer = requests.get(f"{running.url}/phone/{address}", timeout=5)
    assert answer.status_code == 200
    return answer.text


def opened(running: Running, phone: str, url: str) -> requests.Response:
    return requests.get(f"{running.url}/phone/{phone}/open", params={"url": url}, allow_redirects=False, timeout=5)


@pytest.fixture
def offering() -> Iterator[ThreadingHTTPServer]:
    class App(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            codes = [{"label": "工单 7", "url": f"http://{self.headers['Host']}/r/abc"}]
            body = json.dumps({"codes": codes}).encode() if self.path == "/demo/codes" else b""
            self.send_response(200 if body else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()
