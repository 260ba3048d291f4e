"""The sandbox in front of the code under test: what it was sent, how often it was asked, and troubles on order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from sandbox.server import Running, serve

TOKEN = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/template/send"
EXCHANGE = "/sns/oauth2/access_token"


class Sandbox:
    """The second address is the one that is always there."""

    def __init__(self, url: str, backup_url: str = "") -> None:
        self.url = url
        self.backup_url = backup_url or url

    def trouble(self, path: str, **knob: object) -> None:
        """From now on (and until the next word about this path) calls meet this trouble; none without one."""
        self._turn("knobs", path=path, **knob)

    def switch(self, **switches: bool | int) -> None:
        """unionids, snapshot, ip_refused, refuse_tokens (calls), api2_only: they stay until switched again."""
        self._turn("switches", **switches)

    def revoke(self, account: str = "service") -> None:
        """All tokens of service, mini or wecom."""
        self._turn("revoke", account=account)

    def code(self, phone: str, kind: str = "login") -> str:
        """What the mini-program gets of wx.login, or (`phone`) of the button that asks for the number."""
        return str(self._turn("codes", phone=phone, kind=kind)["code"])

    def agree(self, phone: str, template_id: str, number: int = 1) -> None:
        """So many messages of this template may be sent to the phone's owner by the mini-program."""
        self._turn("credits", phone=phone, template_id=template_id, number=number)

    def _turn(self, what: str, **wanted: object) -> dict[str, Any]:
        answer = requests.post(f"{self.backup_url}/sandbox/{what}", json=wanted, timeout=5)
        answer.raise_for_status()
        turned: dict[str, Any] = answer.json()
        return turned

    def calls(self, path: str) -> int:
        counted: dict[str, int] = requests.get(f"{self.backup_url}/sandbox/calls", timeout=5).json()
        return counted.get(path, 0)

    def messages(self) -> list[dict[str, Any]]:
        """Newest first."""
        answer = requests.get(f"{self.backup_url}/sandbox/messages", timeout=5)
        delivered: list[dict[str, Any]] = answer.json()["messages"]
        return delivered


def renewed(running: Running, app_url: str = "http://localhost") -> Sandbox:
    running.renew(app_url)
    return Sandbox(running.url, running.backup_url)


@contextmanager
def running_sandbox(app_url: str = "http://localhost") -> Iterator[Sandbox]:
    with serve(app_url=app_url, environ={"APP_ENV": "test"}) as running:
        yield Sandbox(running.url, running.backup_url)
