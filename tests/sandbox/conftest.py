import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from sandbox.accounts import MINI, SERVICE, WECOM
from sandbox.server import Running, serve

APP_URL = "http://localhost:18999"
CREDENTIALS = {"grant_type": "client_credential", "appid": SERVICE.appid, "secret": SERVICE.secret}

MINI_CREDENTIALS = {"grant_type": "client_credential", "appid": MINI.appid, "secret": MINI.secret}

Post = Callable[..., dict[str, Any]]


def utf8(body: object) -> bytes:
    """As WeChat wants it; the json= of requests writes \\uXXXX."""
    return json.dumps(body, ensure_ascii=False).encode()


class Seconds:
    """A clock the test turns."""

    now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class Listener:
    """An app that keeps what it is pushed and answers what the test says."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def running(kept_sandbox: Running, seconds: Seconds) -> Running:
    kept_sandbox.renew(APP_URL, seconds)
    return kept_sandbox


@pytest.fixture
def post(running: Running) -> Post:
    def send(path: str, body: object = None, **query: str) -> dict[str, Any]:
        return replied(requests.post(running.url + path, data=utf8(body), params=query, timeout=5))

    return send


@pytest.fixture
def get(running: Running) -> Post:
    def ask(path: str, **query: str) -> dict[str, Any]:
        return replied(requests.get(running.url + path, params=query, timeout=5))

    return ask


@pytest.fixture
def turn(running: Running) -> Post:
    """Turns what tests can turn; at the second address, which is always there."""

    def send(what: str, **wanted: object) -> dict[str, Any]:
        return replied(requests.post(f"{running.backup_url}/sandbox/{what}", json=wanted, timeout=5))

    return send


@pytest.fixture
def token(post: Post) -> str:
    return str(post("/cgi-bin/stable_token", CREDENTIALS)["access_token"])


@pytest.fixture
def mini_token(post: Post) -> str:
    return str(post("/cgi-bin/stable_token", MINI_CREDENTIALS)["access_token"])


@pytest.fixture
def wecom_token(get: Post) -> str:
    return str(get("/cgi-bin/gettoken", corpid=WECOM.corpid, corpsecret=WECOM.secret)["access_token"])


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def sandbox(listener: Listener) -> Iterator[Running]:
    class App(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            address = urlsplit(self.path)
            listener.got.append((address.path, dict(parse_qsl(address.query)), body))
            status, said = listener.answers.pop(0) if listener.answers else (200, b"success")
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://localhost:{server.server_port}"
        with serve(app_url=url, clock=lambda: 1_795_000_000.0, environ={"APP_ENV": "test"}) as running:
            yield running
        server.shutdown()


def replied(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200
    # Not answer.json(): what WeChat says about its charset is not to be believed.
    reply: dict[str, Any] = json.loads(answer.content)
    return reply
