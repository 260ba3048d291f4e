import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from sandbox.accounts import SERVICE
from sandbox.server import Running, serve
from wechat.account import Account, ServiceAccount
from wechat.token import MemoryStore

Canned = Callable[..., str]


class Turned:
    """A clock that both sides read and the test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class World:
    """A running sandbox and our service account in front of it."""

    def __init__(self, sandbox: Running, clock: Turned) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.account = Account(SERVICE.appid, SERVICE.secret, sandbox.url, open_url=sandbox.url)
        self.store = MemoryStore()
        self.service = ServiceAccount(self.account, self.store, clock=clock)

    def trouble(self, path: str, **knob: object) -> None:
        answer = requests.post(f"{self.sandbox.url}/sandbox/knobs", json={"path": path, **knob}, timeout=5)
        answer.raise_for_status()

    def calls(self, path: str) -> int:
        counted: dict[str, int] = requests.get(f"{self.sandbox.url}/sandbox/calls", timeout=5).json()
        return counted.get(path, 0)

    def delivered(self) -> list[dict[str, object]]:
        messages: list[dict[str, object]] = requests.get(f"{self.sandbox.url}/sandbox/messages", timeout=5).json()[
            "messages"
        ]
        return messages

    def revoke_tokens(self) -> None:
        """What another program does that forces itself a token of the same account."""
        body = {
            "grant_type": "client_credential",
            "appid": SERVICE.appid,
            "secret": SERVICE.secret,
            "force_refresh": True,
        }
        requests.post(f"{self.sandbox.url}/cgi-bin/stable_token", json=body, timeout=5).raise_for_status()


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def world(clock: Turned) -> Iterator[World]:
    with serve(
        app_url="http://localhost:8000", clock=lambda: clock.now.timestamp(), environ={"APP_ENV": "test"}
    ) as sandbox:
        yield World(sandbox, clock)


@pytest.fixture
def canned() -> Iterator[Canned]:
    """Starts an HTTP server that says always the same, and answers its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(reply: object, status: int = 200) -> str:
        body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()

        class Always(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 the name is http.server's

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Always)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
