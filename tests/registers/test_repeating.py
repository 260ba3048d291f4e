"""Plans that repeat: the next is there when its day has come, once, with what was planned and not what came of it."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from app.jobs import deadlines
from app.models import Contract, Event, RegisterRecord
from app.runtime import Runtime
from app.services.registers import figures, records, repeating
from app.services.registers.access import Reader
from app.services.registers.records import Act
from config.registers import registers
from tests.registers.conftest import AT, Write, stands
from tests.support.world import ZONE, World


def look(world: World, day: date) -> None:
    at = datetime.combine(day, time(9), tzinfo=ZONE)
    with world.database.reading() as session:
        found = repeating.due(session, at=at)
    for record_id in found:
        for _twice in range(2):
            with world.database.transaction() as session:
                repeating.follow(session, record_id, at=at)


def plan(world: World) -> list[RegisterRecord]:
    with world.database.reading() as session:
        return list(session.scalars(select(RegisterRecord).order_by(RegisterRecord.id)))


@pytest.mark.parametrize(
    ("due", "every", "expected"),
    [
        ("2026-11-20", "week", "2026-11-27"),
        ("2026-11-20", "month", "2026-12-20"),
        ("2026-12-05", "month", "2027-01-05"),
        ("2027-01-31", "month", "2027-02-28"),
        ("2027-02-28", "month", "2027-03-31"),
        ("2027-01-30", "month", "2027-02-28"),
        ("2026-11-30", "quarter", "2027-02-28"),
        ("2026-10-15", "quarter", "2027-01-15"),
        ("2026-08-31", "half", "2027-02-28"),
        ("2024-02-29", "year", "2025-02-28"),
    ],
)
def test_the_same_day_a_period_later_and_the_last_of_a_month_stays_the_last(
    due: str, every: str, expected: str
) -> None:
    assert repeating.following(date.fromisoformat(due), every) == date.fromisoformat(expected)


def test_an_inspection_of_every_month_is_there_when_its_day_comes_done_or_not(world: World, write: Write) -> None:
    said = {"title": "机房", "place": "一号楼", "person": "W0003", "every": "month"}
    first = write("inspections", due="2026-12-10", note="门开着", faults="2", **said)
    look(world, date(2026, 12, 9))
    assert len(plan(world)) == 1
    look(world, date(2026, 12, 10))
    look(world, date(2026, 12, 11))
    _old, anew = plan(world)
    assert (anew.follows_id, str(anew.due_on), anew.every, anew.state) == (first, "2027-01-10", "month", "planned")
    assert (anew.title, anew.person_id, anew.contract_id) == ("机房", world.engineer.id, world.contract.id)
    assert (anew.words, anew.data) == ({"place": "一号楼"}, {})
    assert (anew.code, anew.written_by_id) == ("IN-0002", world.supervisor.id)
    with world.database.reading() as session:
        event = session.scalars(select(Event).where(Event.subject == "register").order_by(Event.id.desc())).first()
    assert event is not None
    assert (event.actor_id, event.channel, event.subject_id) == (None, "clock", anew.id)


def test_one_that_is_done_before_its_day_has_its_next_at_once_and_a_dropped_one_ends_the_row(
    world: World, write: Write
) -> None:
    write("drills", title="停电", due="2026-12-20", every="quarter", state="done", done="2026-11-19")
    write("drills", title="断网", due="2026-11-10", every="quarter", state="dropped")
    look(world, AT.date())
    assert [(one.title, str(one.due_on)) for one in plan(world)[2:]] == [("停电", "2027-03-20")]


def test_nothing_is_planned_after_the_contract(world: World, write: Write) -> None:
    with world.database.transaction() as session:
        session.execute(update(Contract).values(valid_to=date(2026, 12, 31)))
    write("inspections", title="机房", due="2026-12-10", every="month")
    look(world, date(2026, 12, 10))
    look(world, date(2027, 2, 10))
    assert len(plan(world)) == 1


def test_who_stops_it_takes_the_period_away(world: World, write: Write) -> None:
    record = write("inspections", title="机房", due="2026-12-10", every="month")
    act = Act(Reader(world.supervisor.id, hospital=True, acts=True), AT, revision=1)
    said = {"title": "机房", "due": "2026-12-10", "contract": world.contract.number, "every": ""}
    with world.database.transaction() as session:
        assert records.revise(session, record, "inspections", said, act)
    assert stands(world, record).every == ""
    look(world, date(2027, 1, 10))
    assert len(plan(world)) == 1


def test_what_was_left_out_stands_in_the_share_of_plans_done(world: World, write: Write) -> None:
    write("inspections", title="机房", due="2026-10-05", every="month", state="done", done="2026-10-05")
    for day in (date(2026, 10, 5), date(2026, 11, 5), date(2026, 12, 5)):
        look(world, day)
    with world.database.reading() as session:
        found = figures.figures(session, "inspections", world.contract.id, date(2026, 10, 1), date(2026, 12, 31))
    assert (found.due, found.completed) == (3, 1)


def test_an_old_table_does_not_fill_the_register(world: World, write: Write) -> None:
    write("inspections", title="机房", due="2020-01-05", every="week")
    look(world, AT.date())
    _old, anew = plan(world)
    assert anew.due_on is not None
    assert AT.date() - anew.due_on < repeating.LATEST + timedelta(days=7)


def test_the_worker_does_it_and_reminds_of_what_it_made(world: World, write: Write, runtime: Runtime) -> None:
    day = runtime.now().date() - timedelta(days=3)
    write("inspections", title="机房", due=str(day), every="week", person="W0003")
    deadlines.look_once(runtime)
    deadlines.look_once(runtime)
    assert len(plan(world)) == 2
    assert plan(world)[1].reminded_of == day + timedelta(days=7)


def test_the_registers_of_plans_offer_it() -> None:
    offered = {kind for kind, one in registers().items() if any(field.name == "every" for field in one.current)}
    assert offered == {"configuration", "inspections", "drills", "training", "reports"}
