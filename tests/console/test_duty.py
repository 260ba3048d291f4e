"""The duty roster: who is on when, a month as a table, swaps with consent, approval, and who might take a ticket."""

from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.errors import Refused
from app.models import DutyShift, Event, Person, Post
from app.services.organisation import duty, duty_plan, kept_lists
from app.services.organisation.duty_plan import Planned
from app.services.tables.reader import open_table
from app.services.tables.writer import xlsx
from app.services.tickets import detail, suggestions
from config.duty import Shift, read_shifts, shifts
from config.files import BadFile
from tests.conftest import Console, Phone
from tests.support.console_forms import send
from tests.support.world import ZONE, World

NIGHT = datetime(2026, 3, 3, 2, 0, tzinfo=ZONE)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)


def plan(world: World, person: Person, day: date, *codes: str, post: Post | None = None, at: datetime) -> None:
    post_id = (post or world.post).id if person.staff_number.startswith("W") else None
    wanted = [Planned(person.id, day, code, post_id, world.campus.id) for code in codes]
    with world.database.transaction() as session:
        by = world.supervisor.id
        duty_plan.replace(session, wanted, {(person.id, day)}, by=by, hospital=True, at=at)


def names(world: World, at: datetime) -> list[str]:
    with world.database.reading() as session:
        return [one.name for one in duty.on_duty(session, at=at)]


def test_a_night_shift_runs_across_midnight_and_belongs_to_the_day_it_began(world: World) -> None:
    plan(world, world.engineer, NIGHT.date() - timedelta(days=1), "night", at=NIGHT)
    begins, ends = shifts()["night"].on(NIGHT.date() - timedelta(days=1), ZONE)
    for at, here in ((begins, True), (NIGHT, True), (ends, False), (begins - timedelta(minutes=1), False)):
        assert (names(world, at) == ["赵强"]) is here


def test_alarms_find_the_supervisor_on_duty_and_never_nobody(world: World) -> None:
    other = world.employ("00077", "何静", "supervisor", department=world.it)
    with world.database.reading() as session:
        everybody = duty.supervisors_on_duty(session, at=NIGHT)
    assert sorted(everybody) == sorted([world.supervisor.id, other.id])
    plan(world, other, NIGHT.date() - timedelta(days=1), "night", at=NIGHT)
    with world.database.reading() as session:
        assert duty.supervisors_on_duty(session, at=NIGHT) == [other.id]


def test_the_provider_plans_what_is_to_come_and_not_what_was(world: World, desk: FlaskClient) -> None:
    today = clock.now().astimezone(ZONE).date()
    filled: dict[str, Any] = {"person": str(world.engineer.id), "post": str(world.post.id), "shift": ["day", "night"]}
    tomorrow = str(today + timedelta(days=1))
    told = send(desk, "/console/duty", "/console/duty/plan", **filled, first=tomorrow, last=tomorrow)
    assert told.status_code == 303
    past = str(today - timedelta(days=2))
    assert send(desk, "/console/duty", "/console/duty/plan", **filled, first=past, last=past).status_code == 403
    with world.database.reading() as session:
        assert sorted(session.scalars(select(DutyShift.shift))) == ["day", "night"]
        [event] = session.scalars(select(Event).where(Event.kind == "duty_planned")).all()
    assert event.data is not None
    assert [one[1] for one in event.data["planned"]] == ["day", "night"]


def test_a_post_of_another_provider_or_none_is_refused(world: World) -> None:
    day = NIGHT.date()
    for person, post_id in ((world.engineer, None), (world.supervisor, world.post.id), (world.nurse, None)):
        wanted = [Planned(person.id, day, "day", post_id, None)]
        with pytest.raises(Refused, match="duty_"), world.database.transaction() as session:
            duty_plan.replace(session, wanted, set(), by=world.admin.id, hospital=True, at=NIGHT)


def test_a_month_goes_out_as_a_table_and_comes_in_again(world: World, supervisor: FlaskClient) -> None:
    today = clock.now().astimezone(ZONE).date()
    plan(world, world.engineer, today, "day", "evening", at=clock.now().astimezone(ZONE))
    month = f"{today:%Y-%m}"
    table = supervisor.get(f"/console/duty.xlsx?month={month}").data
    with world.database.transaction() as session:
        for one in session.scalars(select(DutyShift)):
            session.delete(one)
    assert take_in(supervisor, table).status_code == 303
    with world.database.reading() as session:
        found = session.execute(select(DutyShift.person_id, DutyShift.day, DutyShift.shift, DutyShift.post_id)).all()
    assert sorted(map(tuple, found)) == [
        (world.engineer.id, today, "day", world.post.id),
        (world.engineer.id, today, "evening", world.post.id),
    ]


def test_one_wrong_cell_and_nothing_is_taken_in(world: World, supervisor: FlaskClient) -> None:
    today = clock.now().astimezone(ZONE).date()
    head = ["工号", "姓名", "岗位代码", "院区代码", str(today)]
    rows = [head, ["W0003", "赵强", "engineer", "main", "白"], ["W0004", "孙磊", "engineer", "main", "Q"]]
    answer = take_in(supervisor, xlsx(rows, title="x"))
    assert answer.status_code == 422
    assert "Q" in answer.text
    assert take_in(supervisor, xlsx([["姓名"], ["x"]], title="x")).status_code == 422
    assert take_in(supervisor, b"nothing").status_code == 422
    for cut in ("W0003", "W0003,赵强,engineer,main", "W0003,赵强,engineer,main,白,白"):
        answer = take_in(supervisor, f"{','.join(head)}\n{cut}\n".encode())
        assert (answer.status_code, f"2: {cut}" in answer.text) == (422, True)
    with world.database.reading() as session:
        assert session.scalars(select(DutyShift)).all() == []


def take_in(client: FlaskClient, table: bytes) -> TestResponse:
    return send(client, "/console/duty", "/console/duty/table", table=(BytesIO(table), "duty.xlsx"))


def test_what_is_written_is_text_and_never_a_formula(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(xlsx([["a", "b"], ["=1+1", "<&>"]], title="x"))
    table = open_table(tmp_path / "x.xlsx")
    assert [row.cells for row in table.records if hasattr(row, "cells")] == [["=1+1", "<&>"]]


def test_a_swap_waits_for_a_supervisor(world: World, phone: Phone, desk: FlaskClient, supervisor: FlaskClient) -> None:
    now = clock.now().astimezone(ZONE)
    plan(world, world.engineer, now.date() + timedelta(days=2), "day", at=now)
    engineer = phone(world.engineer_identity)
    asked = {"shift": "1", "colleague": str(world.second_engineer.id)}
    assert send(engineer, "/engineer/duty", "/engineer/duty/swap", **asked).status_code == 303
    assert "赵强 → 孙磊" in desk.get("/console/duty").text
    assert "/console/duty/swaps/1" not in desk.get("/console/duty").text
    send(supervisor, "/console/duty", "/console/duty/swaps/1", answer="approve")
    with world.database.reading() as session:
        assert session.scalar(select(DutyShift.person_id)) == world.second_engineer.id
    with pytest.raises(Refused), world.database.transaction() as session:
        duty_plan.decide_swap(session, 1, approve=False, by=world.supervisor.id, at=now)


def test_checking_in_on_the_phone_counts_as_present_once_approved(
    world: World, phone: Phone, supervisor: FlaskClient
) -> None:
    now = clock.now().astimezone(ZONE)
    code = next(code for code, shift in shifts().items() if any(runs(shift, now, back) for back in (0, 1)))
    day = now.date() - timedelta(days=0 if runs(shifts()[code], now, 0) else 1)
    plan(world, world.engineer, day, code, at=now)
    engineer = phone(world.engineer_identity)
    send(engineer, "/engineer/duty", "/engineer/duty/check-in")
    assert "/engineer/duty/check-in" not in engineer.get("/engineer/duty").text
    assert "赵强" in supervisor.get("/console/duty").text.split('id="unapproved"')[1]
    with world.database.transaction() as session:
        kept_lists.set_headcount(session, world.post.id, 2, by=world.admin.id, at=clock.now())
        duty_plan.approve(session, world.engineer.id, world.post.id, by=world.supervisor.id, at=now)
    with world.database.reading() as session:
        [found] = duty.staffing(session, first=day, last=day)
    assert (found.needed, found.planned, found.present) == (2, 1, 1)


def runs(shift: Shift, at: datetime, back: int) -> bool:
    begins, ends = shift.on(at.date() - timedelta(days=back), ZONE)
    return begins <= at < ends


def test_somebody_in_a_post_without_approval_is_listed_until_the_hospital_agrees(
    world: World, supervisor: FlaskClient, desk: FlaskClient
) -> None:
    def listed() -> set[str]:
        with world.database.reading() as session:
            return {row.name for row in duty.unapproved(session, day=clock.now().date())}

    assert listed() == {"赵强", "孙磊", "周敏"}
    assert "/console/duty/approvals" not in desk.get("/console/duty").text
    for _ in range(2):
        with world.database.transaction() as session:
            by = world.supervisor.id
            duty_plan.approve(session, world.engineer.id, world.post.id, by=by, at=clock.now())
    assert listed() == {"孙磊", "周敏"}
    send(supervisor, "/console/duty", "/console/duty/posts", add="default")
    assert "项目经理" in supervisor.get("/console/duty").text


def test_the_best_are_suggested_with_their_reasons(world: World, desk: FlaskClient) -> None:
    now = clock.now().astimezone(ZONE)
    world.ticket("closed", lead=world.second_engineer)
    ticket = world.ticket("reported")
    plan(world, world.second_engineer, now.date(), *shifts(), at=now)
    plan(world, world.second_engineer, now.date() - timedelta(days=1), "night", at=now)
    with world.database.reading() as session:
        candidates = detail.candidates(session, now.date())
        first, second = suggestions.rank(session, ticket, candidates, at=now)
    assert (first.name, second.name) == ("孙磊", "赵强")
    assert dict(first.reasons) == {"on_duty": "", "here": "", "skill": "1", "area": "1", "load": "0"}
    page = f"/console/tickets/{ticket.number}"
    assert "同类做过 1" in desk.get(page).text
    send(desk, page, f"{page}/dispatch", lead=str(first.id))
    with world.database.reading() as session:
        assert session.merge(ticket).lead_id == world.second_engineer.id


def test_a_shift_without_an_end_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "duty.toml"
    file.write_text('[day]\nzh = "白"\nen = "Day"\nletter = "白"\nbegins = "08:00"\n', encoding="utf-8")
    with pytest.raises(BadFile, match="ends"):
        read_shifts(file)
