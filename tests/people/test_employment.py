"""Who works where on a day: every rule about the days of an employment, for a row and for a query, day by day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import SQLCoreOperations

from app.db import LocalDay, utc_offset
from app.errors import Refused
from app.models import Completion, Contract, Employment, Person, Ticket
from app.services.organisation import employment
from app.services.ratings import reminders, ward_list
from app.services.tickets.scan import load
from tests.support.world import ZONE, World

FIRST, LAST = date(2026, 3, 10), date(2026, 3, 20)
BEFORE, BETWEEN, AFTER = FIRST - timedelta(1), date(2026, 3, 15), LAST + timedelta(1)
LONG_AGO, MUCH_LATER = date(2020, 1, 1), date(2039, 1, 1)
A_DAY = timedelta(days=1)


@pytest.mark.parametrize("asked", ["a row", "a query"])
def test_an_employment_is_in_force_from_its_first_to_its_last_day(world: World, asked: str) -> None:
    days = [BEFORE, FIRST, BETWEEN, LAST, AFTER, MUCH_LATER]
    closed, open_ = stretch(world, until=LAST), stretch(world, until=None)
    for job, expected in ((closed, "-xxx--"), (open_, "-xxxxx")):
        found = [
            job.in_force(day) if asked == "a row" else is_one(world, job, Employment.in_force(day)) for day in days
        ]
        assert marks(found) == expected


@pytest.mark.parametrize("asked", ["a row", "a query"])
def test_an_employment_lasts_until_its_last_day_also_before_it_has_begun(world: World, asked: str) -> None:
    days = [BEFORE, FIRST, BETWEEN, LAST, AFTER, MUCH_LATER]
    closed, open_ = stretch(world, until=LAST), stretch(world, until=None)
    for job, expected in ((closed, "xxxx--"), (open_, "xxxxxx")):
        found = [job.lasts(day) if asked == "a row" else is_one(world, job, Employment.lasts(day)) for day in days]
        assert marks(found) == expected


SPANS = [
    (LONG_AGO, BEFORE),
    (LONG_AGO, FIRST),
    (FIRST, FIRST),
    (BETWEEN, BETWEEN),
    (LONG_AGO, MUCH_LATER),
    (LAST, MUCH_LATER),
    (AFTER, MUCH_LATER),
    (LONG_AGO, None),
    (LAST, None),
    (AFTER, None),
]


@pytest.mark.parametrize("asked", ["a row", "a query"])
def test_of_the_provider_is_whom_it_employs_on_any_day_from_first_to_last(world: World, asked: str) -> None:
    closed, open_ = stretch(world, until=LAST, provider=True), stretch(world, until=None, provider=True)
    of_hospital = stretch(world, until=None)
    for job, expected in ((closed, "-xxxxx-xx-"), (open_, "-xxxxxxxxx"), (of_hospital, "----------")):
        found = [
            job.of_provider(*span) if asked == "a row" else is_one(world, job, Employment.of_provider(*span))
            for span in SPANS
        ]
        assert marks(found) == expected


def test_a_contract_is_in_force_from_its_first_to_its_last_day(world: World) -> None:
    made = Contract(number="HT-2", provider_id=world.provider.id, valid_from=FIRST, valid_to=LAST)
    with world.database.transaction() as session:
        session.add(made)
    days = [BEFORE, FIRST, BETWEEN, LAST, AFTER]
    assert marks([made.in_force(day) for day in days]) == "-xxx-"
    with world.database.reading() as session:
        held = [session.scalar(select(Contract.id).where(Contract.id == made.id, Contract.in_force(d))) for d in days]
    assert marks([one is not None for one in held]) == "-xxx-"


def test_a_job_beside_that_of_the_provider_hides_nothing(world: World) -> None:
    """Whoever works for both is of the provider, whichever employment was begun last."""
    employ(world, world.nurse, BEFORE, BETWEEN)
    with world.database.transaction() as session:
        session.add(Employment(person_id=world.nurse.id, department_id=world.it.id, valid_from=FIRST))
    with world.database.reading() as session:
        days = [BEFORE - A_DAY, BEFORE, FIRST, BETWEEN, BETWEEN + A_DAY]
        found = [employment.employed_by_provider(session, world.nurse.id, day) for day in days]
    assert marks(found) == "-xxx-"


def test_a_day_begins_at_midnight_where_the_hospital_is(world: World) -> None:
    """Two seconds at Beijing's midnight are one day in Greenwich, and one in New York."""
    ticket = world.ticket("finished")
    world.brought(ticket)
    midnight = datetime(2026, 3, 10, tzinfo=ZONE)
    for zone, before, after in (
        (ZONE, "2026-03-09", "2026-03-10"),
        (UTC, "2026-03-09", "2026-03-09"),
        (ZoneInfo("America/New_York"), "2026-03-09", "2026-03-09"),
    ):
        days = []
        for moment in (midnight - timedelta(seconds=1), midnight):
            finish_at(world, ticket, moment)
            with world.database.reading() as session:
                day = LocalDay(Completion.finished_at, utc_offset(midnight.astimezone(zone)))
                days.append(str(session.scalar(select(day).where(Completion.ticket_id == ticket.id))))
        assert days == [before, after]


def test_a_day_is_not_asked_of_a_time_without_zone() -> None:
    with pytest.raises(ValueError, match="naive"):
        utc_offset(datetime(2026, 3, 10))  # noqa: DTZ001 that is the point


def test_the_providers_last_day_ends_at_the_hospitals_midnight(world: World) -> None:
    """Work of that evening is not rated by its colleague of then; work of the night after it is."""
    ticket = world.ticket("finished", served=world.nurse)
    world.brought(ticket)
    employ(world, world.nurse, LONG_AGO, LAST)
    midnight = datetime(2026, 3, 21, tzinfo=ZONE)
    for moment, staff in ((midnight - timedelta(minutes=1), True), (midnight, False)):
        finish_at(world, ticket, moment)
        for asked, expected in ((midnight - timedelta(minutes=1), True), (midnight + A_DAY, staff)):
            assert provider_staff(world, ticket, at=asked) is expected


def test_whoever_begins_at_the_provider_tomorrow_still_rates_today_and_is_reminded(world: World) -> None:
    """At the scan, on the ward's list and in the reminder alike; but already decides nothing about a provider."""
    at = datetime(2026, 3, 20, 12, tzinfo=ZONE)
    ticket = world.ticket("finished", served=world.nurse)
    world.brought(ticket)
    finish_at(world, ticket, at - timedelta(hours=24, minutes=5))
    employ(world, world.nurse, AFTER, None)
    with world.database.transaction() as session:
        reminders.wish(session, world.nurse.id, on=True, at=at)
    for now, rates in ((at, True), (at + timedelta(hours=11, minutes=59), True), (at + timedelta(hours=12), False)):
        assert provider_staff(world, ticket, at=now) is not rates
        with world.database.reading() as session:
            assert listed(session, world, now) is rates
            assert employment.of_the_provider(session, world.nurse.id, now.date())
    with world.database.reading() as session:
        assert reminders.due(session, window=timedelta(days=14), at=at) == [ticket.id]


def test_whoever_left_the_provider_on_the_evening_of_the_work_is_not_reminded(world: World) -> None:
    """The day that matters is that of the work, also where the reminder falls due after midnight."""
    finished = datetime(2026, 3, 20, 23, 50, tzinfo=ZONE)
    due = finished + timedelta(hours=24, minutes=20)
    ticket = world.ticket("finished", served=world.nurse)
    world.brought(ticket)
    finish_at(world, ticket, finished)
    with world.database.transaction() as session:
        reminders.wish(session, world.nurse.id, on=True, at=finished)
    for last_day, expected in ((LAST, []), (LAST - A_DAY, [ticket.id])):
        employ(world, world.nurse, LONG_AGO, last_day)
        assert provider_staff(world, ticket, at=due) is (expected == [])
        with world.database.reading() as session:
            assert reminders.due(session, window=timedelta(days=14), at=due) == expected
        dismiss(world, world.nurse)


def listed(session: Session, world: World, at: datetime) -> bool:
    """Whether the nurse is a member of the ward for its list; whom the provider employs is refused it."""
    try:
        mine, window = world.nurse_identity.id, timedelta(days=14)
        return ward_list.ward(session, world.ward.id, identity_id=mine, window=window, at=at).member
    except Refused:
        return False


def stretch(world: World, *, until: date | None, provider: bool = False) -> Employment:
    place = {"provider_id": world.provider.id} if provider else {"department_id": world.ward.id}
    made = Employment(person_id=world.doctor.id, valid_from=FIRST, valid_to=until, **place)
    with world.database.transaction() as session:
        session.add(made)
    return made


def is_one(world: World, job: Employment, rule: SQLCoreOperations[bool]) -> bool:
    with world.database.reading() as session:
        return session.scalar(select(Employment.id).where(Employment.id == job.id, rule)) is not None


def marks(found: list[bool]) -> str:
    return "".join("x" if one else "-" for one in found)


def employ(world: World, person: Person, first: date, last: date | None) -> None:
    with world.database.transaction() as session:
        session.add(Employment(person_id=person.id, provider_id=world.provider.id, valid_from=first, valid_to=last))


def dismiss(world: World, person: Person) -> None:
    with world.database.transaction() as session:
        jobs = select(Employment).where(Employment.person_id == person.id, Employment.provider_id.is_not(None))
        for job in session.scalars(jobs):
            session.delete(job)


def finish_at(world: World, ticket: Ticket, moment: datetime) -> None:
    with world.database.transaction() as session:
        completion = session.scalars(select(Completion).where(Completion.ticket_id == ticket.id)).one()
        completion.finished_at = moment


def provider_staff(world: World, ticket: Ticket, *, at: datetime) -> bool:
    with world.database.reading() as session:
        return load(session, ticket.id, identity_id=world.nurse_identity.id, at=at).provider_staff
