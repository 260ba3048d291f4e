"""One reminder, a day after, to who asked for it and has not rated; never to the provider."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.models import Employment, Person, RoleGrant, Ticket
from app.services.ratings import reminders
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.told import Told
from tests.support.world import World

REMINDED = [("rate_reminder", "王丽")]


def test_a_day_after_she_is_reminded_once(told: Told, world: World) -> None:
    wish(world, world.nurse)
    ticket = finished(world, hours=24.1)
    told.look()
    told.look()
    assert told.of("rate_reminder") == REMINDED
    (notice,) = [notice for notice, _name in told.rows() if notice.kind == "rate_reminder"]
    assert notice.ticket_id == ticket.id


def test_who_did_not_ask_for_it_is_never_reminded(told: Told, world: World) -> None:
    finished(world, hours=24.1)
    told.look()
    assert told.of("rate_reminder") == []
    wish(world, world.nurse)
    wish(world, world.nurse, on=False)
    told.look()
    assert told.of("rate_reminder") == []


@pytest.mark.parametrize(("hours", "reminded"), [(23.9, False), (24.1, True), (29.9, True), (30.1, False)])
def test_not_before_and_not_much_later(hours: float, told: Told, world: World, *, reminded: bool) -> None:
    wish(world, world.nurse)
    finished(world, hours=hours)
    told.look()
    assert told.of("rate_reminder") == (REMINDED if reminded else [])


def test_who_has_rated_is_not_reminded(told: Told, slip: Slip, world: World, phone: Phone) -> None:
    wish(world, world.nurse)
    slip.rate(phone(world.nurse_identity), finished(world, hours=24.1), 4)
    told.look()
    assert told.of("rate_reminder") == []


def test_a_reopened_ticket_is_reminded_of_by_its_new_completion(told: Told, world: World) -> None:
    wish(world, world.nurse)
    ticket = finished(world, hours=24.1)
    world.move(ticket, "reopen")
    told.look()
    assert told.of("rate_reminder") == []
    for verb in ("accept", "finish"):
        world.move(ticket, verb, at=clock.now() - timedelta(hours=25))
    told.look()
    assert told.of("rate_reminder") == REMINDED


@pytest.mark.parametrize("environ", [{"RATING_WINDOW_DAYS": "1"}], indirect=True)
def test_nobody_is_reminded_of_what_cannot_be_rated_any_more(told: Told, world: World) -> None:
    wish(world, world.nurse)
    finished(world, hours=24.1)
    told.look()
    assert told.of("rate_reminder") == []


def test_who_is_erased_is_not_reminded(told: Told, world: World) -> None:
    wish(world, world.nurse)
    finished(world, hours=24.1)
    with world.database.transaction() as session:
        session.execute(update(Person).where(Person.id == world.nurse.id).values(erased_at=clock.now()))
    told.look()
    assert told.of("rate_reminder") == []


@pytest.mark.parametrize("how", ["works there", "led it", "helped"])
def test_the_provider_is_never_reminded(how: str, told: Told, world: World) -> None:
    """Whoever was served may since have changed sides, or have worked on the ticket."""
    wish(world, world.nurse)
    lead, helpers = world.engineer, tuple[Person, ...]()
    if how == "works there":
        with world.database.transaction() as session:
            job = update(Employment).where(Employment.person_id == world.nurse.id)
            session.execute(job.values(department_id=None, provider_id=world.provider.id))
    else:
        with world.database.transaction() as session:
            session.add(RoleGrant(person_id=world.nurse.id, role="engineer"))
        lead, helpers = (world.nurse, ()) if how == "led it" else (world.engineer, (world.nurse,))
    finished(world, hours=24.1, lead=lead, helpers=helpers)
    told.look()
    assert told.of("rate_reminder") == []


def finished(world: World, *, hours: float, lead: Person | None = None, helpers: tuple[Person, ...] = ()) -> Ticket:
    start = clock.now() - timedelta(hours=hours, minutes=20)
    return world.ticket("finished", reported_at=start, lead=lead, helpers=helpers)


def wish(world: World, person: Person, *, on: bool = True) -> None:
    with world.database.transaction() as session:
        reminders.wish(session, person.id, on=on, at=clock.now())
