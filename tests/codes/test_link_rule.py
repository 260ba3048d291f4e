"""The page about WeChat's link rule: what to enter, a plain warning, and a check of our own address alone."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from flask import Flask

from app.services.codes import link_rule
from app.services.links import Links
from tests.conftest import KEY, Console
from tests.support.console_forms import send
from tests.support.world import World

PAGE = "/console/mini-program/link-rule"
FILE, CONTENT = "aB3dEf.txt", "9f86d081884c7d65"
Answers = dict[str, tuple[int, dict[str, str], bytes]]


def test_it_says_what_to_enter_and_warns(world: World, console: Console) -> None:
    ticket = world.ticket("finished")
    page = console(world.admin).get(PAGE).text
    assert "<code>http://localhost/r/</code>" in page
    assert "pages/rate/index" in page
    assert "不能显示抽奖" in page
    assert f"<code>http://localhost/r/{FILE}</code>" in page
    assert "MP_verify_" not in page
    links = Links("http://localhost", (KEY,))
    assert links.ticket_url(ticket.id) in page
    assert "不能用来发布" in page


def test_only_an_admin_has_it_checked(world: World, console: Console) -> None:
    for who in (world.supervisor, world.auditor):
        page = console(who).get(PAGE)
        assert page.status_code == 200
        assert "检查校验文件" not in page.text
        assert console(who).post(PAGE).status_code == 403
    assert console(world.desk).get(PAGE).status_code == 403


def test_an_address_that_does_not_answer_is_said_to(app: Flask, world: World, console: Console) -> None:
    assert "没有回应" in send(console(world.admin), PAGE, PAGE).text  # nobody listens on port 80 of this machine


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((200, {}, CONTENT.encode()), ""),
        ((200, {}, CONTENT.encode() + b"\n"), "other_content"),
        ((200, {}, b"x" * 10_000_000), "other_content"),
        ((404, {}, b""), "status"),
        ((302, {"Location": "http://127.0.0.1:1/elsewhere"}, b""), "moved"),
        ((301, {"Location": "/r/other.txt"}, b""), "moved"),
    ],
)
def test_what_wechat_would_find_is_told(answer: tuple[int, dict[str, str], bytes], fault: str) -> None:
    asked: list[str] = []
    with serving({f"/r/{FILE}": answer, "/r/other.txt": (200, {}, CONTENT.encode())}, asked) as url:
        (found,) = link_rule.check(Links(url, (KEY,)), {FILE: CONTENT, "MP_verify_0123456789abcdef.txt": "x"})
    assert (found.name, found.address, found.fault) == (FILE, f"{url}/r/{FILE}", fault)
    assert asked == [f"/r/{FILE}"]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://pj.hospital.cn", True),
        ("http://pj.hospital.cn", False),
        ("https://pj.hospital.cn:8443", False),
        ("https://localhost", False),
        ("https://10.0.0.1", False),
        ("https://[2001:db8::1]", False),
        ("https://[::ffff:10.0.0.1]", False),
    ],
)
def test_what_wechat_takes_as_an_address(url: str, *, good: bool) -> None:
    assert link_rule.publishable(Links(url, (KEY,))) is good


@contextmanager
def serving(answers: Answers, asked: list[str]) -> Iterator[str]:
    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # whoever asked has read enough
                self.wfile.write(body)

        def log_message(self, *_told: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "WECHAT_VERIFY_FILES": f"{FILE}={CONTENT},MP_verify_0123456789abcdef.txt=0123456789abcdef"}
