import json
from collections.abc import Callable, Iterator

import pytest
import requests

from sandbox.accounts import SERVICE
from sandbox.server import Running, serve

APP_URL = "http://localhost:18999"
CREDENTIALS = {"grant_type": "client_credential", "appid": SERVICE.appid, "secret": SERVICE.secret}

Post = Callable[..., dict[str, object]]


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
    def send(path: str, body: object = None, **query: str) -> dict[str, object]:
        answer = requests.post(running.url + path, data=utf8(body), params=query, timeout=5)
        assert answer.status_code == 200
        reply: dict[str, object] = answer.json()
        return reply

    return send


@pytest.fixture
def token(post: Post) -> str:
    return str(post("/cgi-bin/stable_token", CREDENTIALS)["access_token"])
