"""The statement of the tap and the rules that explain it: for every situation both say the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from typing import LiteralString

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.driver import Line
from app.errors import Refused
from app.models import CountedRating, Event, Person, Rating, ServiceCase, Ticket
from app.services.ratings import rating, tap
from app.services.ratings.tap import Tap
from app.services.tickets.scan import WINDOW, load
from tests.support.world import ZONE, World

STATES = ("reported", "accepted", "finished", "closed", "reopened", "cancelled")
LATER = (timedelta(), WINDOW - timedelta(hours=3), WINDOW + timedelta(hours=3))


@pytest.mark.slow("hundreds of situations")
def test_the_statement_and_the_rules_agree_in_every_situation(world: World, database: Database) -> None:
    now = clock.now().astimezone(ZONE)
    tickets = [world.ticket(state, lead=world.engineer, helpers=(world.second_engineer,)) for state in STATES]
    tickets += [world.ticket("finished", served=world.ward), world.ticket("finished", served=world.doctor)]
    tickets.append(world.ticket("finished", source="monitoring"))
    rated = world.ticket("finished", served=world.ward)
    assert take(database, rated, world.nurse_identity.id, now, end="COMMIT") is not None
    phones = [world.bind(person, f"oTap{person.id}") for person in people(world)]
    identities = [
        *phones,
        world.supervisor_identity,
        world.nurse_identity,
        world.stranger_identity,
        world.engineer_identity,
    ]
    seen = {True: 0, False: 0}
    for ticket, identity, later in product([*tickets, rated], identities, LATER):
        at = now + later
        written = take(database, ticket, identity.id, at) is not None
        with undone(database) as session:
            allowed = rules(session, ticket, identity.id, at)
        assert written == allowed, (ticket.state, ticket.number, identity.openid, later)
        seen[written] += 1
    assert min(seen.values()) > 5


def test_with_it_come_its_event_its_slot_and_for_a_low_level_its_case(world: World, database: Database) -> None:
    for level, cases in ((5, 0), (1, 1)):
        ticket = world.ticket("finished")
        found = Tap(ticket.id, ticket.cycle, world.nurse_identity.id, level, "scan")
        rating_id = tap.record(database, found, at=clock.now().astimezone(ZONE), window=WINDOW)
        with database.reading() as session:
            row = session.get_one(Rating, rating_id)
            assert (row.level, row.counts, row.person_id) == (level, True, world.nurse.id)
            slot = session.scalars(select(CountedRating).where(CountedRating.rating_id == rating_id)).one()
            assert (slot.person_id, slot.at) == (world.nurse.id, row.at)
            event = session.scalars(select(Event).where(Event.kind == "rated", Event.subject_id == rating_id)).one()
            assert (event.ticket_id, event.actor_id, event.channel) == (ticket.id, world.nurse.id, "scan")
            opened = select(func.count()).select_from(ServiceCase).where(ServiceCase.rating_id == rating_id)
            assert session.scalar(opened) == cases


def test_a_form_of_another_cycle_writes_nothing(world: World, database: Database) -> None:
    ticket = world.ticket("finished")
    stale = Tap(ticket.id, ticket.cycle + 1, world.nurse_identity.id, 5, "scan")
    assert tap.record(database, stale, at=clock.now().astimezone(ZONE), window=WINDOW) is None


def people(world: World) -> list[Person]:
    return [world.doctor, world.second_engineer, world.desk]


def take(
    database: Database, ticket: Ticket, identity_id: int, at: datetime, *, end: LiteralString = "ROLLBACK"
) -> int | None:
    found = Tap(ticket.id, ticket.cycle, identity_id, 4, "scan")

    def write(line: Line) -> int | None:
        line.connection.execute("BEGIN")
        written = tap.write(line, found, at=at, window=WINDOW)
        line.connection.execute(end)
        return written

    return database.lines.run(write)


def rules(session: Session, ticket: Ticket, identity_id: int, at: datetime) -> bool:
    """Whether the longer way lets a verified rating count."""
    scan = load(session, ticket.id, identity_id=identity_id, at=at)
    if not scan.verified:
        return False
    try:
        rating.rate(session, scan, level=4, identity_id=identity_id, trust_all=False, source="scan", at=at)
    except Refused:
        return False
    return True


@contextmanager
def undone(database: Database) -> Iterator[Session]:
    session = Session(database.engine.execution_options(writes=True))
    try:
        yield session
    finally:
        session.rollback()
        session.close()
