"""The yearly notice is taken in, and everything that is open counts by it from then on."""

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.errors import Refused
from app.models import Event, HolidayNotice, Ticket
from app.services.service_levels import calendars, days_off
from tests.conftest import Console
from tests.support.console_forms import HIDDEN, offers, send
from tests.support.world import ZONE, World

NOTICE = {
    "year": 2027,
    "papers": ["https://www.gov.cn/invented"],
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-04", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-09", "isOffDay": False},
    ],
}
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def written(**other: object) -> bytes:
    return json.dumps(NOTICE | other).encode()


def day(on: str, off: bool = True) -> dict[str, object]:
    return {"name": "x", "date": on, "isOffDay": off}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        written(year=2026),
        written(days=[]),
        written(days=[day("2027-01-01"), day("2027-01-01")]),
        written(days=[day("2027-01-04", off=False)]),
        written(days=[{"name": "x", "date": "2027-01-01", "isOffDay": "yes"}]),
        written(days=[day("2027-13-01")]),
    ],
)
def test_what_is_no_notice_is_refused_with_its_place(content: bytes) -> None:
    with pytest.raises(Refused, match="days_off"):
        days_off.read(content)


def test_open_tickets_are_counted_again_and_no_longer_provisional(world: World) -> None:
    ticket = world.ticket(reported_at=datetime(2026, 12, 31, 9, 0, tzinfo=ZONE).astimezone(UTC))
    finished = world.ticket("finished", reported_at=datetime(2026, 12, 31, 9, 0, tzinfo=ZONE).astimezone(UTC))
    assert ticket.due_at == datetime(2027, 1, 1, 9, 0, tzinfo=ZONE)
    days = days_off.read(written())
    with world.database.transaction() as session:
        given: dict[str, Any] = {"zone": ZONE, "by": world.admin.id, "at": clock.now(), "channel": "test"}
        assert days_off.take_in(session, days, **given)
        assert not days_off.take_in(session, days, **given)
    with world.database.reading() as session:
        hours = calendars.hours(session, ZONE)
        assert session.get_one(Ticket, ticket.id).due_at == datetime(2027, 1, 5, 9, 0, tzinfo=ZONE)
        assert session.get_one(Ticket, finished.id).due_at == finished.due_at
        assert session.scalars(select(Event.kind).where(Event.subject == "setting")).all() == ["days_off_taken_in"]
    assert hours.knows(2027)
    assert hours.calendar("office").own(date(2027, 1, 9).toordinal())


@ONE_DATABASE
def test_of_a_year_the_last_notice_counts_and_the_first_stays(world: World) -> None:
    for days in (NOTICE["days"], [day("2027-01-01")]):
        with world.database.transaction() as session:
            read = days_off.read(written(days=days))
            days_off.take_in(session, read, zone=ZONE, by=None, at=clock.now(), channel="test")
    with world.database.reading() as session:
        [known] = [one for one in calendars.hours(session, ZONE).years if one.year == 2027]
        assert [str(one) for one in known.off] == ["2027-01-01"]
        assert len(session.scalars(select(HolidayNotice)).all()) == 2


def test_next_year_is_missed_from_november_on() -> None:
    hours = calendars.of_file(ZONE)
    last = hours.years[-1].year
    asked = [date(last, 10, 31), date(last, 11, 1), date(last + 1, 2, 1)]
    assert [days_off.missing(hours, one) for one in asked] == [None, last + 1, last + 1]


@ONE_DATABASE
def test_the_command_takes_it_in_once_and_shows_it(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "2027.json"
    file.write_bytes(written())
    run = app.test_cli_runner().invoke
    assert run(args=["calendar", "show", "2027"]).exit_code == 1
    first, again = (run(args=["calendar", "import", str(file), "--json"]) for _ in range(2))
    assert [json.loads(one.stdout)["imported"] for one in (first, again)] == [True, False]
    assert "2027-01-09" in run(args=["calendar", "show", "2027"]).stdout
    file.write_bytes(b"no")
    assert run(args=["calendar", "import", str(file)]).exit_code == 1


@ONE_DATABASE
def test_the_supervisor_takes_it_in_on_a_page_that_the_desk_may_read(console: Console, world: World) -> None:
    page = "/console/calendar"
    supervisor, desk = console(world.supervisor), console(world.desk)
    sent = send(supervisor, page, page, file=(io.BytesIO(written()), "2027.json"))
    assert sent.status_code == 303
    assert "2027-01-09" in desk.get(page).text
    assert not offers(desk, page, page)
    token = dict(HIDDEN.findall(desk.get("/console/tickets/new").text))
    assert desk.post(page, data={**token, "file": (io.BytesIO(written()), "2027.json")}).status_code == 403
