"""Production is no demo: not its database, nothing told to strangers, cookies and files for their owner alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app import create_app, refuse_demo
from app.db import Database
from app.models import Counter
from app.paths import ROOT
from app.runtime import DEMO
from config.settings import SettingsError, read_settings
from tests.conftest import plain_environ
from tests.support.world import World

OWN = {
    "APP_ENV": "production",
    "PUBLIC_URL": "https://pj.hospital.cn",
    "WECHAT_SERVICE_APPID": "wx0123456789abcdef",
    "WECHAT_SERVICE_SECRET": "the-hospitals-own",
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {**plain_environ(database_url, tmp_path), **OWN}


def test_production_refuses_a_database_that_was_seeded_as_the_demos(app: Flask, database: Database) -> None:
    refuse_demo(app)
    with database.transaction() as session:
        session.add(Counter(name=DEMO, value=1))
    with pytest.raises(SettingsError, match="is the demo's database"):
        refuse_demo(app)


def test_an_older_demo_is_known_by_the_sandboxs_users(app: Flask, world: World) -> None:
    assert world.nurse_identity.appid.startswith("wxsandbox")
    with pytest.raises(SettingsError, match="is the demo's database"):
        refuse_demo(app)


def test_a_database_that_does_not_answer_is_not_asked(environ: dict[str, str]) -> None:
    gone = {**environ, "DATABASE_URL": "postgresql://postgres@/none?host=/nowhere"}
    refuse_demo(create_app(read_settings(gone)))


def test_strangers_learn_that_it_is_not_ready_and_nothing_else(client: FlaskClient, database: Database) -> None:
    assert client.get("/readyz").text == "ready\n"
    assert client.get("/metrics").status_code == 404
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready\n")


def test_who_asked_for_details_gets_them(environ: dict[str, str]) -> None:
    app = create_app(read_settings({**environ, "HEALTH_DETAILS": "on"}))
    assert app.test_client().get("/metrics").status_code == 200


def test_what_every_answer_says_to_the_browser(client: FlaskClient) -> None:
    headers = client.get("/sign-in").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_cookie_belongs_to_this_host_and_https_alone(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction(base_url="https://pj.hospital.cn") as session:
        session["visit"] = "v"
    cookie = client.get_cookie("__Host-mashangping", "pj.hospital.cn")
    assert cookie
    assert (cookie.secure, cookie.path, cookie.domain, cookie.http_only) == (True, "/", "pj.hospital.cn", True)


def test_a_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "new.sqlite"
    database = Database(f"sqlite:///{path}")
    with database.transaction() as session:
        session.execute(text("CREATE TABLE t (a)"))
    modes = {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    database.engine.dispose()


@pytest.mark.slow("a process of its own")
def test_what_a_process_of_the_service_writes_is_its_owners_alone(environ: dict[str, str], tmp_path: Path) -> None:
    code = f"import wsgi, pathlib; pathlib.Path({str(tmp_path / 'written')!r}).write_text('x')"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environ}, check=True, timeout=60)
    assert (tmp_path / "written").stat().st_mode & 0o777 == 0o600
