from collections.abc import Callable, Iterator
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import create_app
from app.http.context import EXTENSION
from app.jobs import wechat_callbacks
from app.models import Inbound
from app.runtime import Runtime
from config.settings import Settings
from sandbox.accounts import ACCOUNTS
from tests.support.world import World
from tests.wechat.pushes import encrypted_query, envelope
from wechat.crypto import Seal

SERVICE, MINI = (Seal(known.appid, known.token, known.aes_key) for known in ACCOUNTS.values())

Push = Callable[..., TestResponse]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {
        **environ,
        "WECHAT_SERVICE_TOKEN": SERVICE.token,
        "WECHAT_SERVICE_AES_KEY": SERVICE.aes_key,
        "WECHAT_MINI_APPID": MINI.appid,
        "WECHAT_MINI_SECRET": ACCOUNTS["mini"].secret,
        "WECHAT_MINI_TOKEN": MINI.token,
        "WECHAT_MINI_AES_KEY": MINI.aes_key,
        "WECHAT_MINI_FORMAT": "json",
    }


@pytest.fixture
def client_of() -> Iterator[Callable[[Settings], FlaskClient]]:
    """A client of one more app, with other settings."""
    opened: list[Flask] = []

    def make(settings: Settings) -> FlaskClient:
        opened.append(create_app(settings))
        return opened[-1].test_client()

    yield make
    for app in opened:
        cast(Runtime, app.extensions[EXTENSION]).database.engine.dispose()


@pytest.fixture
def push(client: FlaskClient, world: World) -> Push:
    """Sends a text as WeChat would, encrypted."""

    def send(text: str | bytes, account: str = "service") -> TestResponse:
        seal = MINI if account == "mini" else SERVICE
        encrypted = seal.encrypt(text if isinstance(text, bytes) else text.encode())
        query = encrypted_query(encrypted, seal)
        return client.post(f"/wechat/callback/{account}", query_string=query, data=envelope(encrypted))

    return send


@pytest.fixture
def kept(runtime: Runtime) -> Callable[[], list[Inbound]]:
    """All that was written down so far, in its order."""

    def read() -> list[Inbound]:
        with runtime.database.reading() as session:
            return list(session.scalars(select(Inbound).order_by(Inbound.id)))

    return read


@pytest.fixture
def worked(runtime: Runtime, push: Push, kept: Callable[[], list[Inbound]]) -> Callable[..., Inbound]:
    """Pushes a text, lets the worker work, and answers what became of it."""

    def go(text: str, account: str = "service") -> Inbound:
        assert push(text, account).text == "success"
        wechat_callbacks.take_in(runtime)
        return kept()[-1]

    return go
