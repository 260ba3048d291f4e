"""A database that is locked, gone or started again: 503 with when to come again, and a rating that is tapped again."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as NoneFree
from werkzeug.test import TestResponse

from app import create_app, db
from app.db import Database
from app.runtime import Runtime
from config.settings import Settings
from tests.architecture.test_connections import drop
from tests.conftest import Console, Phone
from tests.support.console_forms import HIDDEN
from tests.support.doors import doors, real_parts
from tests.support.phone import bearer
from tests.support.postgres import Postgres
from tests.support.scan_forms import Slip
from tests.support.world import World

GONE = "postgresql://postgres@/none?host=/nowhere"


class TestLocked:
    """SQLite, while somebody else writes for longer than anybody waits."""

    @pytest.fixture
    def database_url(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(db, "SQLITE_BUSY_MS", 20)
        return sqlite_url

    @pytest.mark.parametrize("level", ["5", "1"])
    def test_a_rating_is_tapped_again_from_the_page_that_says_it_was_not_kept(
        self, level: str, runtime: Runtime, world: World, phone: Phone
    ) -> None:
        slip, nurse, ticket = Slip(runtime), phone(world.nurse_identity), world.ticket("finished")
        form = slip.form(nurse, ticket)
        with locked(world.database):
            answer = nurse.post(slip.path(ticket) + "/rate", data={"level": level, "visit": form})
            assert said(answer) == (503, "5")
            assert "您的评价没有记下" in answer.text
            assert slip.counted(ticket) == []
        again = dict(HIDDEN.findall(answer.text))
        assert nurse.post(slip.path(ticket) + "/rate", data=again).status_code == 303
        assert slip.counted(ticket) == [(int(level), world.nurse.id)]

    def test_what_only_looks_is_served_meanwhile(
        self, runtime: Runtime, world: World, phone: Phone, console: Console
    ) -> None:
        ticket = world.ticket("finished")
        nurse, desk = phone(world.nurse_identity), console(world.desk)
        with locked(world.database):
            assert nurse.get(runtime.links.ticket_path(ticket.id)).status_code == 200
            assert desk.get("/console").status_code == 200

    def test_programs_are_told_by_a_code(self, client: FlaskClient, runtime: Runtime, world: World) -> None:
        ticket = world.ticket("finished")
        token = runtime.links.ticket_path(ticket.id).removeprefix("/r/")
        headers = {"Authorization": f"Bearer {bearer(world, world.nurse)}", "Idempotency-Key": "12345678"}
        with locked(world.database):
            answer = client.post(f"/api/v1/scan/{token}/rating", json={"form": "x", "level": 5}, headers=headers)
        assert said(answer) == (503, "5")
        assert answer.get_json()["code"] == "rating_not_kept"

    def test_everybody_else_is_told_that_it_was_not_saved(self, client: FlaskClient, world: World) -> None:
        client.application.config["WTF_CSRF_ENABLED"] = False
        with locked(world.database):
            answer = client.post("/sign-in", data={"staff_number": "W0001", "password": "x"})
        assert said(answer) == (503, "5")
        assert "刚才提交的没有保存" in answer.text


@pytest.mark.slow("every door")
def test_without_a_database_no_door_says_that_it_is_our_fault(settings: Settings, world: World) -> None:
    app = create_app(settings.model_copy(update={"database_url": GONE}))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(identity=world.nurse_identity.id, visit="v", oauth="o")
        session["console"] = {"person": world.admin.id, "seen": 2**40, "sign_outs": 0}
    real = real_parts(app.extensions["mashangping"], world, world.ticket("finished"))
    answers = [client.open(door.address, method=door.method) for door in doors(app, real=real)]
    away = [answer for answer in answers if answer.status_code >= 500]
    assert len(away) > len(answers) / 2
    assert {said(answer) for answer in away} <= {(503, "5"), (503, "30")}  # the latter for a draw's files


def test_whoever_is_in_the_middle_of_something_when_it_starts_again_is_told(
    postgres: Postgres, postgresql_url: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(postgresql_url)

    def interrupted() -> str:
        with database.transaction() as session:
            session.execute(text("SELECT 1"))
            drop(postgres)
            session.execute(text("SELECT 1"))
        return ""

    monkeypatch.setitem(app.view_functions, "health.healthz", interrupted)
    assert said(app.test_client().get("/healthz")) == (503, "5")
    database.engine.dispose()


def test_a_fault_of_ours_stays_one(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> str:
        with database.reading() as session:
            return str(session.scalar(text("SELECT nothing FROM nowhere")))

    monkeypatch.setitem(app.view_functions, "health.healthz", wrong)
    assert app.test_client().get("/healthz").status_code == 500


def test_no_free_connection_is_no_fault_either(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def crowded() -> str:
        raise NoneFree

    monkeypatch.setitem(app.view_functions, "health.healthz", crowded)
    assert said(app.test_client().get("/healthz")) == (503, "5")


def said(answer: TestResponse) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("Retry-After")


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Somebody writes, and does not come to an end."""
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        yield
