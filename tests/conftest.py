"""The ground of every test: real databases, a real Redis, a small hospital; nothing of the developer's own settings."""

import gc
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import strategies as st
from playwright.sync_api import Browser
from sqlalchemy import Engine, event

from app import clock
from app.db import Database
from app.http.context import EXTENSION
from app.models import Person, WeChatIdentity
from app.paths import ROOT
from app.runtime import Runtime
from app.services.identity import passwords
from config.settings import Settings, read_settings
from qr.font import font
from sandbox.server import Running, serve
from tests.support.browser import NONE_FOUND, chromium, running_browser
from tests.support.kept import Apps, Databases, Worlds
from tests.support.nursery import Nursery, running_nursery
from tests.support.pgbouncer import NO_POOLER
from tests.support.postgres import Postgres, running_postgres
from tests.support.processes import Installation, installation
from tests.support.redis import running_redis
from tests.support.wechat import Sandbox, renewed
from tests.support.world import APPID, World

pytest_plugins = ["tests.support.budget", "tests.support.coverage"]
KEY = "test-key-0000000000000000000000000000"

Phone = Callable[[WeChatIdentity], FlaskClient]
Console = Callable[[Person], FlaskClient]


def pytest_configure() -> None:
    # A session that is terminated still ends its servers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in setting_names():
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"
    event.listen(Engine, "connect", _no_order_by_chance)


def _no_order_by_chance(connection: Any, _record: object) -> None:
    # What asks for no order gets that of the keys, on PostgreSQL until a row has moved. Here it gets the reverse.
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects = ON")


def pytest_collection_finish() -> None:
    # What is collected stays to the end: no reason to look through it for garbage during the tests. Looking through
    # what they make as often as Python does by itself took a seventh of their time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    for missing, so in ((NONE_FOUND, "no page was looked at"), (NO_POOLER, "no pooler stood in between")):
        if any(missing in reason for reason in skipped):
            terminalreporter.section(f"{missing}: {so}", red=True, bold=True)


def setting_names() -> frozenset[str]:
    """Every name the environment is asked for."""
    return frozenset(str(field.alias) for field in Settings.model_fields.values())


def migrate(url: str) -> None:
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url
    command.upgrade(config, "head")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with running_redis() as address:
        yield address


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """A Redis with nothing in it."""
    with redis.Redis.from_url(redis_server) as connection:
        connection.flushall()
    return redis_server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    postgres.execute("CREATE DATABASE migrated")
    migrate(postgres.url("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlite") / "test.sqlite"


@pytest.fixture
def sqlite_url(sqlite_template: Path, sqlite_place: Path) -> str:
    """A fresh migrated SQLite database, always at the same address."""
    for old in sqlite_place.parent.iterdir():
        old.unlink()  # whoever still has it open keeps their own
    return f"sqlite:///{shutil.copy(sqlite_template, sqlite_place)}"


@pytest.fixture
def postgresql_url(postgres: Postgres, migrated_postgres: str) -> str:
    """A migrated PostgreSQL database without a row."""
    postgres.empty(migrated_postgres)
    return postgres.url(migrated_postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database; the test runs on each kind."""
    return cast(str, request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, for tests that migrate it themselves."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.sqlite'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    postgres.execute("CREATE DATABASE bare")
    yield postgres.url("bare")
    postgres.execute("DROP DATABASE bare WITH (FORCE)")


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> Iterator[PasswordHasher]:
    """What passwords are hashed with; meanwhile argon2 does it in the cheapest of its ways, which it has for tests."""
    real, passwords.hasher = passwords.hasher, PasswordHasher.from_parameters(CHEAPEST)
    yield real
    passwords.hasher = real


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """What a process makes once, at whichever test comes first: hypothesis's table of all characters, our font."""
    st.characters(categories=["Lu"]).validate()
    assert font().printable("一")


@pytest.fixture(scope="session")
def kept_sandbox() -> Iterator[Running]:
    with serve(app_url="http://localhost", environ={"APP_ENV": "test"}) as running:
        yield running


@pytest.fixture
def wechat(kept_sandbox: Running) -> Sandbox:
    """WeChat as it is to somebody new, always at the same address."""
    return renewed(kept_sandbox)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    kept = Databases()
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def apps(databases: Databases) -> Iterator[Apps]:
    kept = Apps(databases)
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def worlds() -> Worlds:
    return Worlds()


@pytest.fixture
def database(database_url: str, databases: Databases) -> Iterator[Database]:
    opened = databases.of(database_url)
    yield opened
    databases.put_back(opened)


@pytest.fixture(scope="session")
def data_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def data_dir(data_place: Path) -> Path:
    """An empty DATA_DIR, always at the same address."""
    shutil.rmtree(data_place)
    data_place.mkdir()
    return data_place


@pytest.fixture
def environ(database_url: str, data_dir: Path) -> dict[str, str]:
    """The settings of a test as an environment; change it before asking for `settings` or `app`."""
    return {**plain_environ(database_url, data_dir), "WECHAT_API_URL": "http://127.0.0.1:9"}


def plain_environ(database_url: str, data_dir: Path) -> dict[str, str]:
    return {
        "APP_ENV": "test",
        "DATABASE_URL": database_url,
        "SECRET_KEYS": KEY,
        "PUBLIC_URL": "http://localhost",
        "DATA_DIR": str(data_dir),
        "WECHAT_SERVICE_APPID": APPID,
        "WECHAT_SERVICE_SECRET": "sandbox-service-secret",
        "HOSPITAL_NAME": "和平医院",
        "HOTLINE": "6120",
        "SERVICE_LINE": "6000",
    }


@pytest.fixture
def settings(environ: Mapping[str, str]) -> Settings:
    return read_settings(environ)


@pytest.fixture
def app(settings: Settings, apps: Apps) -> Iterator[Flask]:
    lent = apps.of(settings)
    yield lent
    apps.put_back(lent)


@pytest.fixture
def runtime(app: Flask) -> Runtime:
    return cast(Runtime, app.extensions[EXTENSION])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def world(database: Database, worlds: Worlds) -> World:
    return worlds.build(database)


@pytest.fixture
def phone(app: Flask) -> Phone:
    """`phone(world.nurse_identity)`: a browser that came back from WeChat's sign-in."""

    def pick_up(identity: WeChatIdentity) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session.update(identity=identity.id, visit=f"visit-of-{identity.id}")
        return client

    return pick_up


@pytest.fixture
def console(app: Flask) -> Console:
    """`console(world.desk)`: a browser signed in at the console."""

    def sign_in(person: Person) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["console"] = {"person": person.id, "seen": int(clock.now().timestamp()), "sign_outs": 0}
        return client

    return sign_in


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with running_nursery() as warm:
        yield warm


@pytest.fixture
def installed(environ: dict[str, str], tmp_path: Path, nursery: Nursery) -> Iterator[Installation]:
    """The service as processes: `installed.start("web", "worker", "sandbox")`."""
    with installation(environ, tmp_path, nursery) as made:
        yield made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip(NONE_FOUND)
    with running_browser() as started:
        yield started
