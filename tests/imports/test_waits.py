"""A log whose states say what a ticket waited for: its solution's clock stood meanwhile, as the profile says."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db import Database
from app.errors import Refused
from app.models import Ticket
from app.services.dashboards import board
from app.services.dashboards.board import BoardFilter
from app.services.imports.ticket_log import profile
from app.services.service_levels import clock
from app.services.tickets import pauses
from app.services.tickets.pauses import Waiting
from tests.imports.conftest import Import
from tests.imports.log import as_bytes, counts
from tests.support.world import ZONE, World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HEADER = ["工单编号", "时间", "状态", "优先级"]
# Tuesday, 3 March 2026, within office hours; what waits for an approval is still worked on.
LIFE = [
    ("08:00", "报修"),
    ("08:10", "已接单"),
    ("08:30", "等用户回复"),
    ("09:00", "处理中"),
    ("09:20", "等备件"),
    ("10:00", "等厂家"),
    ("10:30", "等供应商"),
    ("10:40", "等审批"),
    ("11:00", "等用户"),
    ("11:15", "已完成"),
]
STOOD = [
    ("user", "08:30", "09:00"),
    ("part", "09:20", "10:00"),
    ("supplier", "10:00", "10:30"),
    ("supplier", "10:30", "10:40"),
    ("user", "11:00", "11:15"),
]


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-03 {time}").replace(tzinfo=ZONE)


def rows(*, said: dict[str, str] | None = None) -> bytes:
    words = said or {}
    return as_bytes(HEADER, [["W-1", f"2026-03-03 {time}", words.get(state, state), "中"] for time, state in LIFE])


def course(database: Database) -> clock.Course:
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        return clock.courses(session, ticket.id)[-1]


@ONE
def test_each_kind_of_wait_stops_the_clock_until_the_next_node(
    tickets_import: Import, world: World, database: Database
) -> None:
    assert tickets_import(rows(), profile="default").counts == counts(len(LIFE), imported=len(LIFE))
    waits = [(pause.reason, pause.begin, pause.end) for pause in course(database).pauses]
    assert waits == [(reason, at(begin), at(end)) for reason, begin, end in STOOD]
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        [shown] = clock.of_ticket(session, ticket, zone=ZONE, at=at("12:00"))
        marks = {mark.name: mark for mark in shown.marks}
    stood = sum((at(end) - at(begin) for _, begin, end in STOOD), start=at("00:00") - at("00:00"))
    assert marks["solution"].due is not None
    without = clock_without_waits(database)
    assert marks["solution"].due - without == stood
    assert marks["response"].reached == at("08:10")


def clock_without_waits(database: Database) -> datetime:
    """When it would have been due had it never waited."""
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        rules, codes = clock.Rules.load(session, ZONE), clock.Codes(ticket.priority, None, None, ticket.category_id)
        limits = rules.limits(clock.courses(session, ticket.id)[-1], codes)
        assert limits is not None
        found = clock.due(limits, at("08:00"), [], hours=rules.hours)
    assert found is not None
    return found


@ONE
@pytest.mark.usefixtures("world")
def test_its_clock_begins_with_the_report_and_ends_with_the_finish_it_tells(
    tickets_import: Import, database: Database
) -> None:
    header = [*HEADER, "报修时间", "完成时间"]
    told = ["2026-03-03 07:50", "2026-03-03 11:05"]
    life = [["W-1", f"2026-03-03 {time}", state, "中", *told] for time, state in LIFE]
    tickets_import(as_bytes(header, life[1:]), profile="default")
    found = course(database)
    assert (found.began, found.reached_at("solution"), found.reached_at("response")) == (
        at("07:50"),
        at("11:05"),
        at("08:10"),
    )


@ONE
def test_what_an_open_ticket_of_a_log_waits_for_is_shown_and_can_be_ended(
    tickets_import: Import, world: World, database: Database
) -> None:
    tickets_import(b"".join(rows().splitlines(keepends=True)[:6]), profile="default")
    with database.transaction() as session:
        ticket = session.scalars(select(Ticket)).one()
        now = at("09:40")
        assert pauses.waiting(session, ticket, at=now) == Waiting("part", at("09:20"), None)
        mine: dict[str, Any] = {"by": world.desk.id, "at": now, "zone": ZONE, "channel": "console"}
        with pytest.raises(Refused, match="paused_already"):
            pauses.pause(session, ticket, reason="user", until=at("12:00"), **mine)
        [row] = board.load(session, BoardFilter(), zone=ZONE, at=now).rows
        assert row.waits_for == "part"
        pauses.resume(session, ticket, **mine)
        assert pauses.waiting(session, ticket, at=now) is None
        assert ticket.due_at is None  # nobody is rung up for what was imported
        pauses.pause(session, ticket, reason="user", until=at("12:00"), **mine)
        assert pauses.waiting(session, ticket, at=at("09:50")) == Waiting("user", now, at("12:00"))


@ONE
@pytest.mark.usefixtures("world")
def test_a_wait_of_a_log_read_a_part_at_a_time_ends_with_the_part_that_comes_later(
    tickets_import: Import, database: Database
) -> None:
    whole = rows().splitlines(keepends=True)
    tickets_import(b"".join(whole[:4]), profile="default")
    assert [pause.end for pause in course(database).pauses] == [None]
    tickets_import(rows(), profile="default")
    assert len(course(database).pauses) == len(STOOD)


def test_only_what_was_answered_can_wait(tmp_path: Path) -> None:
    told = (
        (profile.FOLDER / "default.toml").read_text("utf-8").replace('"等备件" = "accepted"', '"等备件" = "dispatched"')
    )
    (tmp_path / "ours.toml").write_text(told, "utf-8")
    with pytest.raises(profile.BadProfile) as refused:
        profile.load("ours", tmp_path)
    assert "[values.pause] 等备件" in str(refused.value.facts)
