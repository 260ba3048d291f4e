"""A missed limit: on record once, then the engineer, the team's leader and the hospital are told, each once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.models import Department, Employment, Event, Post, Ticket
from tests.support.told import Told
from tests.support.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
KINDS = ("limit_missed", "limit_missed_team", "limit_missed_hospital")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clinical(world: World) -> None:
    """Round the clock, whatever day the test runs; the second engineer leads the team."""
    with world.database.transaction() as session:
        session.get_one(Department, world.ward.id).code = "0207"
        session.get_one(Post, world.post.id).key_post = True
        held = select(Employment).where(Employment.person_id == world.second_engineer.id)
        session.scalars(held).one().post_id = world.post.id
        for other in session.scalars(select(Employment).where(Employment.person_id != world.second_engineer.id)):
            other.post_id = None


def urgent(world: World, state: str, ago: timedelta) -> Ticket:
    ticket = world.ticket(state, reported_at=clock.now() - ago, step=timedelta(seconds=1))
    with world.database.transaction() as session:
        session.get_one(Ticket, ticket.id).priority = 1
        session.get_one(Ticket, ticket.id).due_at = ticket.reported_at + 120 * MINUTE
    return ticket


def limits(world: World, ticket: Ticket) -> list[tuple[str, datetime]]:
    query = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "limit_missed").order_by(Event.id)
    with world.database.reading() as session:
        return [(event.data["limit"], event.at) for event in session.scalars(query) if event.data]


def test_nobody_arrives(told: Told, world: World) -> None:
    ticket = urgent(world, "accepted", 11 * MINUTE)
    told.look()
    told.look()
    assert limits(world, ticket) == [("arrival", ticket.reported_at + 10 * MINUTE)]
    assert told.of(*KINDS) == [("limit_missed", "赵强")]


@pytest.mark.parametrize(("ago", "expected"), [(19, KINDS[:1]), (21, KINDS[:2]), (41, KINDS)])
def test_upwards_the_longer_it_lasts(ago: int, expected: tuple[str, ...], told: Told, world: World) -> None:
    urgent(world, "accepted", ago * MINUTE)
    for _ in range(3):
        told.look()
    names = dict(zip(KINDS, ("赵强", world.second_engineer.name, world.supervisor.name), strict=True))
    assert told.of(*KINDS) == [(kind, names[kind]) for kind in expected]


def test_what_was_done_meanwhile_goes_no_further(told: Told, world: World) -> None:
    ticket = urgent(world, "accepted", 11 * MINUTE)
    told.look()
    world.move(ticket, "arrive")
    told.look()
    assert told.of(*KINDS) == [("limit_missed", "赵强")]


def test_nobody_is_given_it_the_solution_passes(told: Told, world: World) -> None:
    ticket = urgent(world, "reported", 160 * MINUTE)
    told.look()
    told.look()
    assert {limit for limit, _at in limits(world, ticket)} == {"dispatch", "response", "arrival", "solution"}
    assert {kind for kind, _name in told.of(*KINDS)} == set(KINDS[1:])


def test_what_was_missed_days_ago_rings_nobody(told: Told, world: World) -> None:
    urgent(world, "accepted", timedelta(days=3))
    told.look()
    told.look()
    assert told.of(*KINDS) == []
