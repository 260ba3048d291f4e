"""Whoever answers for a record is told before its day and when it is over, once for each day it is due."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.jobs import deadlines
from app.models import Event, Notice, Person
from app.runtime import Runtime
from app.services.notices import content
from app.services.registers import records, reminders
from app.services.registers.access import Reader
from app.services.registers.records import Act
from config.notices import notice_kinds
from tests.registers.conftest import AT, Write, stands
from tests.support.world import ZONE, World


def told(world: World) -> list[tuple[str, int]]:
    with world.database.reading() as session:
        rows = session.execute(select(Notice.kind, Notice.person_id).order_by(Notice.id))
        return [(kind, person) for kind, person in rows]


def watch(world: World, at: datetime) -> None:
    with world.database.reading() as session:
        found = reminders.due(session, at=at)
    for record_id in found:
        with world.database.transaction() as session:
            reminders.remind(session, record_id, at=at)


def test_the_owner_is_told_before_and_when_it_is_over_and_once_each(world: World, write: Write) -> None:
    record = write("inspections", title="机房", due="2026-12-01", person="W0003")
    steps = {-8: 0, -7: 1, -6: 1, 0: 1, 1: 2, 2: 2}
    for days, count in steps.items():
        at = datetime(2026, 12, 1, 9, tzinfo=ZONE) + timedelta(days=days)
        watch(world, at)
        watch(world, at)
        assert len(told(world)) == count, days
    assert told(world) == [("register_due", world.engineer.id), ("register_overdue", world.engineer.id)]
    said = {"title": "机房", "due": "2026-12-20", "person": "W0003", "contract": world.contract.number}
    act = Act(Reader(world.supervisor.id, hospital=True, acts=True), AT, revision=1)
    with world.database.transaction() as session:
        records.revise(session, record, "inspections", said, act)
    watch(world, datetime(2026, 12, 15, 9, tzinfo=ZONE))
    assert [kind for kind, _person in told(world)] == ["register_due", "register_overdue", "register_due"]


@pytest.mark.parametrize(
    ("kind", "said", "who"),
    [
        ("inspections", {"person": "W0003"}, "engineer"),
        ("inspections", {}, "supervisor"),
        ("security", {"person": "W0003", "what": "incident", "done": "2026-11-19"}, "supervisor"),
    ],
)
def test_who_is_told(world: World, write: Write, kind: str, said: dict[str, str], who: str) -> None:
    write(kind, title="机房", due="2026-11-22", **said)
    watch(world, AT)
    assert told(world) == [("register_due", getattr(world, who).id)]


def test_what_is_closed_or_long_over_is_told_of_no_more(world: World, write: Write) -> None:
    write("inspections", title="机房", due="2026-11-22", done="2026-11-19", state="done")
    write("inspections", title="机房", due="2026-01-22")
    watch(world, AT)
    assert told(world) == []


def test_the_worker_tells_and_the_notice_leads_to_the_record(world: World, write: Write, runtime: Runtime) -> None:
    soon = clock.now().astimezone(ZONE).date() + timedelta(days=2)
    record = write("tools", title="测试仪", due=str(soon), person=owner(world).staff_number)
    deadlines.look_once(runtime)
    deadlines.look_once(runtime)
    with world.database.reading() as session:
        [notice] = session.scalars(select(Notice)).all()
        event = session.get_one(Event, notice.event_id)
        context = content.contexts(session, [notice.id])[notice.id]
    assert (notice.person_id, event.kind, event.subject_id) == (owner(world).id, "register_due", record)
    kind = notice_kinds()[notice.kind]
    assert stands(world, record).code in content.text(kind, context, ZONE)
    address = content.url(kind, context, runtime.links, "https://console.example")
    assert address == f"{runtime.settings.public_url}/my/records/{record}"


def owner(world: World) -> Person:
    return world.admin
