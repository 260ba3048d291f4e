"""A ticket's clocks from its events alone: what was due, what was kept, what the clock did."""

from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import Refused
from app.models import Contract, Ticket
from app.services import events
from app.services.service_levels import calendars, clock
from app.services.service_levels.clock import CycleClock
from app.services.service_levels.contracts import Scopes
from app.services.tickets import handing_over, lifecycle, pauses
from config.files import BadFile
from config.holidays import read_holidays
from config.sla import read_service_levels, service_levels
from supervision.clock import Limit, due
from tests.support.world import ZONE, World

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE).astimezone(UTC)
MINUTE = timedelta(minutes=1)
Read = Callable[..., list[CycleClock]]


@pytest.fixture
def read(world: World) -> Read:
    def read(ticket: Ticket, at: datetime = MONDAY) -> list[CycleClock]:
        with world.database.transaction() as session:
            return clock.of_ticket(session, session.get_one(Ticket, ticket.id), zone=ZONE, at=at)

    return read


def wait(
    world: World,
    ticket: Ticket,
    *,
    at: datetime,
    until: datetime | None = None,
    planned: datetime | None = None,
    reason: str = "part",
) -> None:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        end = planned or at + timedelta(days=30)
        pauses.pause(session, held, reason=reason, until=end, by=world.desk.id, at=at, zone=ZONE, channel="test")
        if until is not None:
            pauses.resume(session, held, by=world.desk.id, at=until, zone=ZONE, channel="test")


def told(found: CycleClock) -> list[tuple[str, object, bool | None]]:
    return [(mark.name, mark.due and (mark.due - MONDAY) / MINUTE, mark.kept) for mark in found.marks]


def test_each_limit_has_its_moment_and_says_whether_it_was_kept(world: World, read: Read) -> None:
    [found] = read(world.ticket("finished", reported_at=MONDAY, step=6 * MINUTE))
    assert told(found) == [
        ("dispatch", 5, False),
        ("response", 10, False),
        ("arrival", 30, True),
        ("solution", 24 * 60, True),
    ]
    assert [mark.left for mark in found.marks] == [-MINUTE, -2 * MINUTE, 12 * MINUTE, 7.5 * 60 * MINUTE - 24 * MINUTE]
    assert (found.running, found.version, found.provisional) == (False, "default-1", False)


def test_it_is_the_clock_of_the_supervision_package(world: World, read: Read) -> None:
    [found] = read(world.ticket(reported_at=MONDAY))
    office = calendars.of_file(ZONE).calendar(found.calendar)
    for mark in found.marks:
        assert mark.due == due(office, Limit.read(mark.limit), MONDAY)


def test_while_it_runs_it_says_how_much_is_left(world: World, read: Read) -> None:
    ticket = world.ticket("dispatched", reported_at=MONDAY)
    [found] = read(ticket, MONDAY + 8 * MINUTE)
    assert [(mark.kept, mark.left) for mark in found.marks[:3]] == [
        (True, timedelta()),
        (None, 2 * MINUTE),
        (None, 22 * MINUTE),
    ]
    [later] = read(ticket, MONDAY + 12 * MINUTE)
    assert (later.marks[1].kept, later.marks[1].left) == (False, -2 * MINUTE)


def test_a_pause_moves_the_solution_alone_by_its_open_time(world: World, read: Read) -> None:
    ticket = world.ticket("accepted", reported_at=MONDAY)
    wait(world, ticket, at=MONDAY + 8 * 60 * MINUTE, until=MONDAY + 24 * 60 * MINUTE)  # 17:00 to 09:00 of Tuesday
    [found] = read(ticket, MONDAY + 25 * 60 * MINUTE)
    assert told(found)[1:] == [("response", 10, True), ("arrival", 30, False), ("solution", 24 * 60 + 90, None)]
    assert [(one.state, one.reason, one.time / MINUTE) for one in found.stretches] == [
        ("ran", "", 180),
        ("closed", "", 120),
        ("ran", "", 180),
        ("paused", "part", 30),
        ("closed", "", 870),
        ("paused", "part", 60),
        ("ran", "", 60),
    ]


def test_a_pause_that_lasts_counts_so_far_and_ends_with_the_work(world: World, read: Read) -> None:
    ticket = world.ticket("accepted", reported_at=MONDAY)
    wait(world, ticket, at=MONDAY + 20 * MINUTE, planned=MONDAY + 60 * MINUTE, reason="user")
    [running] = read(ticket, MONDAY + 50 * MINUTE)
    assert told(running)[3] == ("solution", 24 * 60 + 40, None)
    assert running.marks[3].left == (450 - 20) * MINUTE
    world.move(ticket, "finish", at=MONDAY + 60 * MINUTE)
    [done] = read(ticket, MONDAY + 500 * MINUTE)
    assert told(done)[3] == ("solution", 24 * 60 + 40, True)
    assert [(one.state, one.reason) for one in done.stretches] == [("ran", ""), ("paused", "user")]


def test_a_pause_ends_by_itself_at_the_end_it_was_given(world: World, read: Read) -> None:
    ticket = world.ticket("accepted", reported_at=MONDAY)
    wait(world, ticket, at=MONDAY + 20 * MINUTE, reason="user", planned=MONDAY + 80 * MINUTE)
    for minutes, stands in ((79, True), (80, False), (200, False)):
        [found] = read(ticket, MONDAY + minutes * MINUTE)
        assert (told(found)[3], found.marks[3].stands) == (("solution", 25 * 60, None), stands)
    [done] = read(world.move(ticket, "finish", at=MONDAY + 100 * MINUTE), MONDAY + 500 * MINUTE)
    assert [(one.state, one.time) for one in done.stretches] == [
        ("ran", 20 * MINUTE),
        ("paused", 60 * MINUTE),
        ("ran", 20 * MINUTE),
    ]


def test_a_dispatch_that_was_given_back_is_none(world: World, read: Read) -> None:
    ticket = world.ticket("dispatched", reported_at=MONDAY)
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        at = MONDAY + 6 * MINUTE
        handing_over.decline(session, held, reason="busy", by=world.engineer.id, at=at, channel="test")
    [found] = read(ticket, MONDAY + 7 * MINUTE)
    assert (found.marks[0].reached, found.marks[0].kept) == (None, False)
    [found] = read(world.move(ticket, "dispatch", at=MONDAY + 8 * MINUTE), MONDAY + 9 * MINUTE)
    assert (found.marks[0].reached, found.marks[0].kept) == (MONDAY + 8 * MINUTE, False)


def test_whoever_finishes_from_afar_never_came_and_is_not_late(world: World, read: Read) -> None:
    ticket = world.ticket("accepted", reported_at=MONDAY)
    world.move(ticket, "finish", at=MONDAY + 60 * MINUTE)
    [found] = read(ticket)
    assert (found.marks[2].reached, found.marks[2].kept, found.marks[2].left) == (None, None, None)


def test_what_was_cancelled_stands_still(world: World, read: Read) -> None:
    [found] = read(world.ticket("cancelled", reported_at=MONDAY), MONDAY + 500 * MINUTE)
    assert [mark.kept for mark in found.marks] == [None] * 4
    assert sum((one.time for one in found.stretches), timedelta()) == 5 * MINUTE


def test_a_reopened_ticket_starts_a_new_clock_and_keeps_the_old(world: World, read: Read) -> None:
    ticket = world.ticket("reopened", reported_at=MONDAY)
    latest, first = read(ticket, MONDAY + 30 * MINUTE)
    assert (latest.cycle, latest.running, first.cycle, first.running) == (2, True, 1, False)
    assert latest.stretches[0].begin == MONDAY + 25 * MINUTE
    assert told(first)[3] == ("solution", 24 * 60, True)


def test_nodes_of_an_imported_log_are_events_as_others(world: World, read: Read) -> None:
    ticket = world.ticket(reported_at=MONDAY)
    node = {"ticket_id": ticket.id, "cycle": 1, "kind": "recorded", "channel": "import"}
    with world.database.transaction() as session:
        rows = [("accepted", 10), ("finished", 20), ("closed", 90)]
        times = [(state, MONDAY + minutes * MINUTE) for state, minutes in rows]
        events.append_all(session, [{**node, "state": state, "at": at, "recorded_at": at} for state, at in times])
    [found] = read(ticket)
    assert [mark.reached and (mark.reached - MONDAY) / MINUTE for mark in found.marks] == [10, 10, None, 20]


def test_a_year_without_a_notice_is_provisional(world: World, read: Read) -> None:
    new_year = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
    [found] = read(world.ticket(reported_at=new_year), new_year)
    assert found.provisional
    known = calendars.of_file(ZONE)
    assert not known.is_provisional("always", date(2027, 1, 1), date(2027, 1, 1))
    assert not known.is_provisional("office", date(2024, 1, 1), date(2026, 12, 31))
    assert known.is_provisional("office", date(2026, 12, 31), date(2027, 1, 1))


def test_before_the_first_rules_there_is_no_clock(world: World, read: Read) -> None:
    assert read(world.ticket(source="monitoring", reported_at=datetime(1999, 1, 1, tzinfo=UTC))) == []


class TestPauses:
    @pytest.mark.parametrize("state", ["reported", "dispatched", "finished", "closed", "reopened", "cancelled"])
    def test_only_what_was_answered_can_wait(self, state: str, world: World) -> None:
        with pytest.raises(Refused, match="pause_before_answer"):
            wait(world, world.ticket(state), at=MONDAY)

    def test_without_a_reason_twice_or_without_one_it_is_refused(self, world: World) -> None:
        ticket = world.ticket("arrived", reported_at=MONDAY)
        with pytest.raises(Refused, match="pause_without_reason"):
            wait(world, ticket, at=MONDAY + 30 * MINUTE, reason="lunch")
        with pytest.raises(Refused, match="not_paused"), world.database.transaction() as session:
            pauses.resume(session, ticket, by=world.desk.id, at=MONDAY, zone=ZONE, channel="test")
        wait(world, ticket, at=MONDAY + 30 * MINUTE)
        with pytest.raises(Refused, match="paused_already"):
            wait(world, ticket, at=MONDAY + 31 * MINUTE)

    def test_finishing_ends_it(self, world: World) -> None:
        ticket = world.ticket("arrived", reported_at=MONDAY)
        wait(world, ticket, at=MONDAY + 30 * MINUTE)
        held = world.move(ticket, "finish", at=MONDAY + 40 * MINUTE)
        with world.database.transaction() as session:
            assert pauses.waiting(session, held, at=MONDAY + 41 * MINUTE) is None


class TestLimits:
    def test_the_first_that_fits_counts(self) -> None:
        [version] = service_levels().versions
        urgent, ordinary = version.limits
        assert (urgent.solution, ordinary.solution) == ("2h", "1wd")
        assert urgent.fits(1, "clinical", None)
        assert not urgent.fits(3, "clinical", "main")
        assert not urgent.fits(1, None, "main")
        assert ordinary.fits(4, None, None)

    def test_a_department_has_its_type_by_its_code(self) -> None:
        levels = service_levels()
        assert [levels.type_of(code) for code in ("0101", "0205", "0501", "01011", None)] == [
            "clinical",
            "clinical",
            None,
            None,
            None,
        ]

    def test_a_version_counts_from_its_day_on(self, tmp_path: Path) -> None:
        text = (Path(read_service_levels.__code__.co_filename).with_name("sla.toml")).read_text("utf-8")
        later = text[text.index("[[versions]]") :].replace("default-1", "2026-2").replace("2000-01-01", "2026-07-01")
        (tmp_path / "sla.toml").write_text(text + "\n" + later, "utf-8")
        levels = read_service_levels(tmp_path / "sla.toml")
        names = [levels.version(day) for day in (date(1999, 1, 1), date(2026, 6, 30), date(2026, 7, 1))]
        assert [found and found.name for found in names] == [None, "default-1", "2026-2"]

    def test_a_contract_has_versions_of_its_own(self, tmp_path: Path) -> None:
        text = (Path(read_service_levels.__code__.co_filename).with_name("sla.toml")).read_text("utf-8")
        own = text[text.index("[[versions]]") :].replace("default-1", "own").replace("2000-01-01", "2026-07-01")
        own = own.replace('name = "own"', 'name = "own"\ncontracts = ["QL-1"]')
        (tmp_path / "sla.toml").write_text(text + "\n" + own, "utf-8")
        levels = read_service_levels(tmp_path / "sla.toml")
        asked = [(date(2026, 6, 30), "QL-1"), (date(2026, 7, 1), "QL-1"), (date(2026, 7, 1), "QL-2")]
        names = [levels.version(day, contract) for day, contract in asked]
        assert [found and found.name for found in names] == ["default-1", "own", "default-1"]
        assert levels.by_contract
        (tmp_path / "sla.toml").write_text(text + "\n" + own + own, "utf-8")
        with pytest.raises(BadFile, match="later day"):
            read_service_levels(tmp_path / "sla.toml")

    def test_the_most_particular_scope_in_force_says_which_contract(self) -> None:
        row = namedtuple("row", "Contract category_id campus")
        days = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}
        printers, west, whole = (Contract(number=number, **days) for number in ("printers", "west", "all"))
        rows: Any = [row(printers, 7, None), row(west, None, "west"), row(whole, None, None)]
        asked = [(7, "west"), (8, "west"), (8, "east"), (None, None)]
        found = [Scopes(rows).contract(*codes, date(2026, 5, 5)) for codes in asked]
        assert found == ["printers", "west", "all", "all"]
        assert Scopes(rows).contract(7, "west", date(2027, 1, 1)) is None

    def test_the_holiday_table_is_that_of_the_notices(self) -> None:
        office = calendars.of_file(ZONE).calendar("office")
        table = read_holidays(Path(read_holidays.__code__.co_filename).with_name("holidays.toml"))
        assert all(office.own(day.toordinal()) for day in table.work)
        assert not any(office.own(day.toordinal()) for day in table.off)
        assert (len(table.off), len(table.work)) == (89, 19)


def test_what_is_stored_as_due_is_what_the_clock_says(world: World) -> None:
    """For the warnings: from the report on, with each cycle anew, not at all while it waits."""

    def stored(ticket: Ticket) -> datetime | None:
        with world.database.reading() as session:
            held = session.get_one(Ticket, ticket.id)
            assert held.due_at == clock.of_ticket(session, held, zone=ZONE, at=MONDAY)[0].marks[-1].due
            return held.due_at

    hours = [MONDAY + timedelta(hours=number) for number in range(5)]
    ticket = world.ticket("accepted", reported_at=MONDAY)
    first = stored(ticket)
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        end = hours[1] + timedelta(days=2)
        pauses.pause(session, held, reason="part", until=end, by=world.desk.id, at=hours[1], zone=ZONE, channel="test")
    waits = stored(ticket)
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        pauses.resume(session, held, by=world.desk.id, at=hours[2], zone=ZONE, channel="test")
    second = stored(ticket)
    world.move(ticket, "finish", at=hours[3])
    third = stored(world.move(ticket, "reopen", at=hours[4]))
    assert first is not None
    assert second is not None
    assert third is not None
    assert waits is not None
    assert first < second < waits
    assert second < third
