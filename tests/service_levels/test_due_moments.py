"""What is stored as due is proved against the clock: command and night's work say where it is not, and mend it."""

import json
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import update

from app.jobs import retention
from app.models import Ticket
from app.runtime import Runtime
from tests.imports.conftest import importer
from tests.imports.log import as_bytes, sample
from tests.support.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def spoil(world: World, ticket: Ticket) -> None:
    assert ticket.due_at is not None
    with world.database.transaction() as session:
        session.execute(
            update(Ticket).where(Ticket.id == ticket.id).values(due_at=ticket.due_at + timedelta(minutes=1))
        )


def test_the_command_says_where_it_differs_and_mends_it(app: Flask, world: World) -> None:
    for state in ("reported", "accepted", "reopened", "finished"):
        world.ticket(state)
    wrong = world.ticket("arrived")
    run = app.test_cli_runner().invoke
    good = run(args=["tickets", "check", "--json"])
    assert (good.exit_code, json.loads(good.stdout)["read"]) == (0, 4)
    spoil(world, wrong)
    bad = run(args=["tickets", "check", "--json"])
    assert (bad.exit_code, json.loads(bad.stdout)["different"]) == (1, [wrong.number])
    assert run(args=["tickets", "check", "--mend"]).exit_code == 0
    assert run(args=["tickets", "check"]).exit_code == 0


def test_the_night_s_work_mends_it(world: World, runtime: Runtime) -> None:
    wrong = world.ticket("accepted")
    spoil(world, wrong)
    assert retention.prove_due_moments(runtime, stopping=Event()) == [wrong.number]
    assert retention.prove_due_moments(runtime, stopping=Event()) == []


def test_what_was_imported_has_none(world: World, app: Flask, tmp_path: Path) -> None:
    header, rows = sample()
    assert importer(app, tmp_path)(as_bytes(header, rows[:60])).status == 0
    with world.database.transaction() as session:
        session.execute(update(Ticket).values(state="accepted"))
    assert app.test_cli_runner().invoke(args=["tickets", "check"]).exit_code == 0
