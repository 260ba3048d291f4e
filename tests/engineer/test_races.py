"""Two at the same moment, on a database that has many writers: one outcome each, and the other is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import Refused
from app.models import Event, Ticket
from app.services.tickets import handing_over, lifecycle, pauses
from tests.support.world import ZONE, World

Act = Callable[[Session, Ticket], object]


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url  # SQLite has one writer, so nobody is ever second


def together(world: World, ticket: Ticket, *acts: Act) -> list[str]:
    """What each came to: nothing where it was done, else why it was refused."""

    def run(act: Act) -> str:
        try:
            with world.database.transaction() as session:
                act(session, lifecycle.locked(session, ticket_id=ticket.id))
        except Refused as refused:
            return refused.code
        return ""

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def kinds(world: World, ticket: Ticket) -> list[str]:
    with world.database.reading() as session:
        return list(session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


def test_two_accepts_are_one(world: World) -> None:
    ticket = world.ticket("dispatched")

    def accept(session: Session, held: Ticket) -> None:
        lifecycle.accept(session, held, by=world.engineer.id, at=clock.now(), channel="test")

    assert sorted(together(world, ticket, accept, accept)) == ["", "move_not_allowed"]
    assert kinds(world, ticket).count("accepted") == 1


def test_a_decline_and_a_new_dispatch_leave_it_with_the_new_engineer_or_with_nobody(world: World) -> None:
    ticket = world.ticket("dispatched")

    def decline(session: Session, held: Ticket) -> None:
        handing_over.decline(session, held, reason="busy", by=world.engineer.id, at=clock.now(), channel="test")

    def dispatch(session: Session, held: Ticket) -> None:
        to, by = world.second_engineer.id, world.desk.id
        lifecycle.dispatch(session, held, to=to, by=by, at=clock.now(), channel="test")

    declined, dispatched = together(world, ticket, decline, dispatch)
    assert dispatched == ""
    assert declined in {"", "not_your_ticket"}
    with world.database.reading() as session:
        assert session.get_one(Ticket, ticket.id).lead_id == world.second_engineer.id
    assert kinds(world, ticket).count("declined") == (declined == "")


def test_a_pause_and_a_finish_leave_it_finished_and_no_pause_open(world: World) -> None:
    ticket = world.ticket("arrived")

    def pause(session: Session, held: Ticket) -> None:
        now, by = clock.now(), world.engineer.id
        until = now + timedelta(hours=4)
        pauses.pause(session, held, reason="part", until=until, by=by, at=now, zone=ZONE, channel="test")

    def finish(session: Session, held: Ticket) -> None:
        lifecycle.finish(session, held, by=world.engineer.id, at=clock.now(), channel="test")

    paused, finished = together(world, ticket, pause, finish)
    assert finished == ""
    assert paused in {"", "pause_before_answer"}
    with world.database.reading() as session:
        assert pauses.waiting(session, session.get_one(Ticket, ticket.id), at=clock.now()) is None
