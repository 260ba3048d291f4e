"""A demo hospital made once; tests that write get a copy."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app import clock, create_app
from app.db import Database
from app.demo.seed import seed
from config.settings import read_settings
from tests.conftest import plain_environ
from tests.support.world import APPID

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)  # a Sunday afternoon in the hospital


@pytest.fixture(scope="session")
def hospital(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The demo hospital as it was at AT; only for looking."""
    database = seeded(shutil.copy(sqlite_template, tmp_path_factory.mktemp("demo") / "then.sqlite"), AT)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def hospital_of_today(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("demo") / "today.sqlite"))
    seeded(path, clock.now()).engine.dispose()
    return path


@pytest.fixture
def demo_environ(hospital_of_today: Path, tmp_path: Path) -> dict[str, str]:
    """Settings of a demo of this minute, with a database of its own."""
    path = shutil.copy(hospital_of_today, tmp_path / "demo.sqlite")
    return {
        **plain_environ(f"sqlite:///{path}", tmp_path),
        "APP_ENV": "demo",
        "SANDBOX_URL": "http://localhost:8001",
        "WECHAT_API_URL": "http://localhost:8001",
        "WECHAT_OPEN_URL": "http://localhost:8001",
    }


@pytest.fixture
def demo_app(demo_environ: dict[str, str]) -> Iterator[Flask]:
    made = create_app(read_settings(demo_environ))
    yield made
    made.extensions["mashangping"].database.engine.dispose()


def seeded(path: Path | str, at: datetime) -> Database:
    database = Database(f"sqlite:///{path}")
    with database.transaction() as session:
        seed(session, appid=APPID, zone=ZONE, at=at)
    return database
