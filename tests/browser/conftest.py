"""One demo hospital for all browser tests on a database; each test brings tickets of its own."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from tests.support.demo import Demo, running_demo
from tests.support.nursery import Nursery
from tests.support.postgres import Postgres
from tests.support.redis import redis_process


@pytest.fixture(scope="session")
def sqlite_demo(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Demo]:
    with running_demo(home(tmp_path_factory), nursery) as demo:
        yield demo


@pytest.fixture(scope="session")
def demo_redis() -> Iterator[tuple[str, "Popen[bytes]"]]:
    with redis_process() as running:
        yield running


@pytest.fixture(scope="session")
def postgresql_demo(
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres,
    demo_redis: tuple[str, "Popen[bytes]"],
    nursery: Nursery,
) -> Iterator[Demo]:
    postgres.execute("CREATE DATABASE demo")
    with running_demo(home(tmp_path_factory), nursery, postgres.url("demo"), demo_redis[0]) as demo:
        yield demo


@pytest.fixture
def demo(request: pytest.FixtureRequest) -> Iterator[Demo]:
    """The running demo, on SQLite if nothing else is said; whatever a test did, its processes complained of nothing."""
    running: Demo = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_demo")
    before = running.log.read_text("utf-8")
    yield running
    assert running.log.read_text("utf-8") == before


def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"
