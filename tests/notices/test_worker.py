"""The watch as it runs: beside the rest of `flask worker`, and no single ticket can stop it."""

import time

import pytest
from sqlalchemy import text

from tests.support.processes import Installation
from tests.support.told import Told
from tests.support.world import World

TOLD = [("not_opened", "赵强"), ("backup", "孙磊")]


@pytest.mark.slow("servers")
def test_the_worker_watches(installed: Installation, told: Told) -> None:
    told.dispatched(6)
    installed.start("worker")
    deadline = time.monotonic() + 60
    while told.escalated() != TOLD:
        assert time.monotonic() < deadline, installed.said("worker")
        time.sleep(0.1)


def test_a_ticket_that_cannot_be_handled_holds_up_no_other(told: Told, world: World) -> None:
    stuck = told.dispatched(7)
    told.dispatched(6)
    with world.database.transaction() as session:
        refusal = "BEGIN SELECT RAISE(ABORT, 'stuck'); END"
        when = f"WHEN NEW.ticket_id = {stuck.id}"
        session.execute(text(f"CREATE TRIGGER stuck BEFORE INSERT ON notice {when} {refusal}"))
    told.look()
    assert told.escalated() == TOLD


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url
