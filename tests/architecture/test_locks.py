"""Rows are held in one order (docs/decisions/lock-order.md), and who is only pointed to makes nobody wait."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import HELD, Database
from app.models import Person, WeChatIdentity
from app.services.identity import binding
from app.services.tickets import lifecycle, requester
from tests.support.world import ZONE, World

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url  # SQLite has one writer and no order


def test_a_report_by_phone_and_one_of_the_desk_for_the_same_nurse_do_not_wait_for_each_other(world: World) -> None:
    now = clock.now()
    for_the_nurse = lifecycle.NewTicket(
        "phone", "打印机", None, requester_id=world.nurse.id, served_person_id=world.nurse.id
    )
    with world.database.transaction() as phone:
        requester.find_duplicate_report(phone, world.nurse.id, "打印机", place_id=None, asset_id=None, at=now)
        with world.database.transaction() as desk:
            desk.execute(text("SET LOCAL lock_timeout = '2s'"))
            lifecycle.report(desk, for_the_nurse, by=world.desk.id, at=now, zone=ZONE, channel="console")
        lifecycle.report(phone, for_the_nurse, by=world.nurse.id, at=now, zone=ZONE, channel="service")


def test_unbinding_holds_the_number_before_any_of_its_phones(world: World, beside: ThreadPoolExecutor) -> None:
    identity = world.nurse_identity.id
    with world.database.transaction() as session:
        session.get_one(Person, world.nurse.id, with_for_update=HELD)
        unbinding = beside.submit(unbind, world.database, identity, by=world.supervisor.id)
        wait_until_blocked(session, unbinding)
        free = select(WeChatIdentity.id).where(WeChatIdentity.id == identity).with_for_update(nowait=True)
        assert session.scalar(free) == identity
    unbinding.result(timeout=10)
    with world.database.reading() as session:
        assert session.get_one(WeChatIdentity, identity).person_id is None


def unbind(database: Database, identity_id: int, *, by: int) -> None:
    with database.transaction() as session:
        binding.unbind(session, identity_id, by=by, at=clock.now())


def wait_until_blocked(session: Session, other: Future[None]) -> None:
    deadline = time.monotonic() + 10
    while not session.scalar(WAITING):
        assert not other.done(), other.result()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread
