"""One page at the change of shift; and the nodes of a ticket as a picture with the table beside it."""

from datetime import datetime, time, timedelta

import pytest

from app import clock
from app.services.dashboards import handover
from app.services.dashboards.handover import Shift
from app.services.tickets import detail, lifecycle, nodes, pauses
from app.web.console.tickets import node_picture
from tests.conftest import Console
from tests.support.world import ZONE, World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CHANGES = (time(0), time(8), time(17, 30))
MINUTE = timedelta(minutes=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("at", "begins", "ends"),
    [
        ("2026-03-02T09:00", "2026-03-02T08:00", "2026-03-02T17:30"),
        ("2026-03-02T17:30", "2026-03-02T08:00", "2026-03-02T17:30"),
        ("2026-03-02T17:31", "2026-03-02T17:30", "2026-03-03T00:00"),
        ("2026-03-02T00:00", "2026-03-01T17:30", "2026-03-02T00:00"),
    ],
)
def test_the_shift_that_runs_or_has_just_ended(at: str, begins: str, ends: str) -> None:
    assert handover.shift_of(local(at), CHANGES, zone=ZONE) == Shift(local(begins), local(ends))


@ONE
def test_what_is_open_waits_and_was_done(world: World) -> None:
    start = clock.now() - 60 * MINUTE
    done, waits = world.ticket("finished", reported_at=start), world.ticket("accepted", reported_at=start)
    world.ticket("finished", reported_at=start - timedelta(days=2))
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=waits.id)
        now, until = clock.now(), clock.now() + timedelta(days=1)
        pauses.pause(session, held, reason="part", until=until, by=world.desk.id, at=now, zone=ZONE, channel="test")
        lifecycle.urge(session, held, by=world.nurse.id, at=clock.now(), channel="test")
    shift = Shift(start, clock.now() + MINUTE)
    with world.database.reading() as session:
        sheet = handover.load(session, shift, zone=ZONE, at=clock.now())
    assert [row.ticket.id for row in sheet.rows] == [waits.id]
    assert sheet.rows[0].waits_for == "part"
    assert (sheet.reported, sheet.urged, sheet.missed, sheet.more) == (2, 1, 0, 0)
    assert [(one.lead, one.tickets) for one in sheet.finished] == [(world.engineer.name, 1)]
    assert done.number not in {row.ticket.number for row in sheet.rows}


@ONE
def test_the_page_is_for_the_desk_too(world: World, console: Console) -> None:
    ticket = world.ticket("accepted")
    page = console(world.desk).get("/console/handover").text
    assert ticket.number in page
    assert "交班人" in page


@ONE
def test_nodes_tell_how_long_each_lasted(world: World, console: Console) -> None:
    start = clock.now() - 60 * MINUTE
    ticket = world.ticket("arrived", reported_at=start, step=5 * MINUTE)
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        begun, until = start + 20 * MINUTE, start + timedelta(days=1)
        pauses.pause(session, held, reason="part", until=until, by=world.desk.id, at=begun, zone=ZONE, channel="test")
    with world.database.reading() as session:
        [found] = nodes.cycles(detail.timeline(session, ticket.id, for_provider=True), at=start + 50 * MINUTE)
    assert [(one.code, one.lasted) for one in found] == [
        ("reported", 5 * MINUTE),
        ("dispatched", 5 * MINUTE),
        ("accepted", 5 * MINUTE),
        ("arrived", 5 * MINUTE),
        ("paused", 30 * MINUTE),
    ]
    picture = node_picture.draw(found)
    assert [one.x for one in picture.nodes] == sorted(one.x for one in picture.nodes)
    assert picture.nodes[-1].width == max(one.width for one in picture.nodes)
    assert "<svg" in console(world.desk).get(f"/console/tickets/{ticket.number}").text


@ONE
def test_what_is_over_lasts_no_longer_and_a_new_cycle_is_a_new_picture(world: World) -> None:
    ticket = world.ticket("reopened")
    with world.database.reading() as session:
        latest, first = nodes.cycles(detail.timeline(session, ticket.id, for_provider=False), at=clock.now())
    assert [one.code for one in latest] == ["reopened"]
    assert first[-1].lasted is None
