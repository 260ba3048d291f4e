"""The sandbox in front of the code under test: what it was sent, how often it was asked, and troubles on order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from sandbox.server import serve

TOKEN = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/template/send"
EXCHANGE = "/sns/oauth2/access_token"


class Sandbox:
    def __init__(self, url: str) -> None:
        self.url = url

    def trouble(self, path: str, **knob: object) -> None:
        """From now on (and until the next word about this path) calls meet this trouble; none without one."""
        requests.post(f"{self.url}/sandbox/knobs", json={"path": path, **knob}, timeout=5).raise_for_status()

    def calls(self, path: str) -> int:
        counted: dict[str, int] = requests.get(f"{self.url}/sandbox/calls", timeout=5).json()
        return counted.get(path, 0)

    def messages(self) -> list[dict[str, Any]]:
        """Newest first."""
        delivered: list[dict[str, Any]] = requests.get(f"{self.url}/sandbox/messages", timeout=5).json()["messages"]
        return delivered


@contextmanager
def running_sandbox(app_url: str = "http://localhost") -> Iterator[Sandbox]:
    with serve(app_url=app_url, environ={"APP_ENV": "test"}) as running:
        yield Sandbox(running.url)
