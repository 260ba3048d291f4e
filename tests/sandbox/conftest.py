import json
from collections.abc import Callable, Iterator
from typing import Any

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


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def running(seconds: Seconds) -> Iterator[Running]:
    with serve(app_url=APP_URL, clock=seconds, environ={"APP_ENV": "test"}) as sandbox:
        yield sandbox


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


def replied(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200
    reply: dict[str, Any] = answer.json()
    return reply
