import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests

from sandbox.accounts import MINI, SERVICE, WECOM
from sandbox.server import Running
from wechat.account import Account, ServiceAccount, wire_of
from wechat.group_robot import Robot
from wechat.mini import MiniProgram
from wechat.token import MemoryStore
from wechat.wecom import WeCom

Canned = Callable[..., str]


class Turned:
    """A clock that both sides read and the test turns."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class World:
    """A running sandbox and our ways to it."""

    def __init__(self, sandbox: Running, clock: Turned) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.account = Account(SERVICE.appid, SERVICE.secret, sandbox.url, open_url=sandbox.url)
        self.store = MemoryStore()
        self.service = ServiceAccount(self.account, self.store, clock=clock)
        mini = Account(MINI.appid, MINI.secret, sandbox.url, open_url=sandbox.url)
        self.mini = MiniProgram(mini, self.store, clock=clock)
        self.wecom = self.new_wecom()
        self.robot = Robot(WECOM.robot_key, url=sandbox.url)

    def new_service(self, **changed: str) -> ServiceAccount:
        """As another process would have it: an object of its own, the store shared."""
        return ServiceAccount(replace(self.account, **changed), self.store, clock=self.clock)

    def new_wecom(self, secret: str = WECOM.secret) -> WeCom:
        url = self.sandbox.url
        return WeCom(
            self.store,
            corpid=WECOM.corpid,
            agentid=WECOM.agentid,
            secret=secret,
            clock=self.clock,
            url=url,
            open_url=url,
        )

    def trouble(self, path: str, **knob: object) -> None:
        self.control("knobs", path=path, **knob)

    def control(self, what: str, **wanted: object) -> dict[str, Any]:
        answer = requests.post(f"{self.sandbox.backup_url}/sandbox/{what}", json=wanted, timeout=5)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    def calls(self, path: str) -> int:
        counted: dict[str, int] = requests.get(f"{self.sandbox.backup_url}/sandbox/calls", timeout=5).json()
        return counted.get(path, 0)

    def delivered(self) -> list[dict[str, object]]:
        answer = requests.get(f"{self.sandbox.backup_url}/sandbox/messages", timeout=5)
        messages: list[dict[str, object]] = answer.json()["messages"]
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
def world(clock: Turned, kept_sandbox: Running) -> World:
    wire_of.cache_clear()  # what an earlier test learned of an address
    kept_sandbox.renew("http://localhost:8000", lambda: clock.now.timestamp())
    return World(kept_sandbox, clock)


@pytest.fixture
def heard() -> list[bytes]:
    """What the `canned` servers were told."""
    return []


@pytest.fixture
def canned(heard: list[bytes]) -> Iterator[Canned]:
    """Starts an HTTP server that says always the same, and answers its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(reply: object, status: int = 200, port: int = 0) -> str:
        body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()

        class Always(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 the name is http.server's

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Always)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
