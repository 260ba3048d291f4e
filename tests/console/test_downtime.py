"""Forms from when the system was away: their true times, once, late on record, checked by somebody else."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.errors import Refused
from app.models import Completion, DowntimeForm, Event, Ticket
from app.services.codes import downtime_pack
from app.services.service_levels import clock as service_clock
from app.services.tickets import downtime
from qr.pdf import pdf
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import ZONE, World

BEGAN = (clock.now() - timedelta(days=1)).astimezone(ZONE).replace(second=0, microsecond=0)
STEPS = {step: BEGAN + timedelta(minutes=10 * n) for n, step in enumerate(downtime.STEPS)}


def pack(world: World) -> None:
    with world.database.transaction() as session:
        assert list(downtime.reserve(session, 20))[-1] % 20 == 0


def typed(world: World, number: str = "T-00001", **other: str) -> dict[str, str]:
    times = {step: f"{at:%Y-%m-%dT%H:%M}" for step, at in STEPS.items()}
    people = {"requester": world.nurse.staff_number, "engineer": world.engineer.staff_number, "department": ""}
    return {"number": number, "description": "叫号屏黑屏", **people, **times, **other}


def enter(world: World, **other: str) -> Ticket:
    with world.database.transaction() as session:
        form = downtime.read(typed(world, **other), zone=ZONE)
        return downtime.enter(session, form, by=world.desk.id, at=clock.now(), zone=ZONE)


def test_a_finished_form_has_its_true_times_and_says_when_it_was_written_down(world: World) -> None:
    pack(world)
    ticket = enter(world)
    with world.database.reading() as session:
        events = session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id)).all()
        completion = session.scalars(select(Completion)).one()
        [found] = service_clock.of_ticket(session, session.get_one(Ticket, ticket.id), zone=ZONE, at=clock.now())
    assert [(one.kind, one.at) for one in events] == list(STEPS.items())
    assert all(one.recorded_at - one.at > timedelta(hours=1) and one.channel == "downtime" for one in events)
    assert (completion.lead_id, completion.finished_at, completion.rateable) == (
        world.engineer.id,
        STEPS["finished"],
        True,
    )
    assert found.marks[-1].reached == STEPS["finished"]
    assert ticket.number.startswith(f"{BEGAN:%Y%m%d}")


def test_what_was_only_reported_goes_on_as_any_other(world: World) -> None:
    pack(world)
    ticket = enter(world, dispatched="", accepted="", arrived="", finished="", engineer="")
    assert (ticket.state, ticket.lead_id) == ("reported", None)
    assert ticket.due_at is not None
    world.move(ticket, "dispatch")


@pytest.mark.parametrize(
    ("field", "value", "refusal"),
    [
        ("number", "T-00021", "downtime_field"),
        ("number", "x", "downtime_field"),
        ("description", "", "downtime_field"),
        ("department", "none", "downtime_field"),
        ("requester", "none", "downtime_field"),
        ("reported", "", "downtime_times"),
        ("reported", "yesterday", "downtime_field"),
        ("finished", "2999-01-01T00:00", "downtime_times"),
        ("arrived", f"{BEGAN - timedelta(days=1):%Y-%m-%dT%H:%M}", "downtime_times"),
        ("engineer", "", "downtime_times"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(field: str, value: str, refusal: str, world: World) -> None:
    pack(world)
    with pytest.raises(Refused, match=refusal):
        enter(world, **{field: value})
    with world.database.reading() as session:
        assert session.scalars(select(Ticket)).all() == []


def test_never_for_the_provider_s_people_and_only_to_an_engineer(world: World) -> None:
    pack(world)
    with pytest.raises(Refused, match="provider_staff"):
        enter(world, requester=world.engineer.staff_number)
    with pytest.raises(Refused, match="downtime_field"):
        enter(world, engineer=world.nurse.staff_number)


def test_a_form_is_taken_in_once(world: World) -> None:
    pack(world)
    enter(world)
    with pytest.raises(Refused, match="downtime_entered"):
        enter(world)


def test_the_desk_takes_it_in_and_a_supervisor_checks_it(world: World, console: Console) -> None:
    pack(world)
    desk, supervisor, page = console(world.desk), console(world.supervisor), "/console/downtime"
    wrong = send(desk, page, page, **typed(world, description=""))
    assert wrong.status_code == 422
    assert world.nurse.staff_number in wrong.text  # what was typed is there still
    assert send(desk, page, page, **typed(world)).status_code == 303
    assert not offers(desk, page, f"{page}/1/check")
    assert send(supervisor, page, f"{page}/1/check").status_code == 303
    own = send(supervisor, page, page, **typed(world, number="2"))
    assert own.status_code == 303
    refused = send(supervisor, page, f"{page}/2/check")
    assert refused.status_code == 403
    with world.database.reading() as session:
        checked = session.scalars(select(DowntimeForm.checked_by_id).order_by(DowntimeForm.number)).all()
        kinds = session.scalars(select(Event.kind).where(Event.kind == "downtime_checked")).all()
    assert (checked, len(kinds)) == ([world.supervisor.id, None], 1)


def test_the_commands_print_and_take_in(app: Flask, world: World, tmp_path: Path) -> None:
    out, file = tmp_path / "forms.pdf", tmp_path / "forms.csv"
    run = app.test_cli_runner().invoke
    assert (
        json.loads(run(args=["downtime", "pack", "--count", "3", "--out", str(out), "--json"]).stdout)["last"]
        == "T-00003"
    )
    assert out.read_bytes().startswith(b"%PDF")
    again = run(args=["downtime", "pack", "--count", "2", "--out", str(out), "--json"])
    assert json.loads(again.stdout)["first"] == "T-00004"
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.DictWriter(opened, downtime.COLUMNS.values())
        writer.writeheader()
        for number in ("T-00001", "T-00001", "2"):
            writer.writerow({downtime.COLUMNS[name]: value for name, value in typed(world, number=number).items()})
    answer = run(args=["downtime", "enter", str(file), "--json"])
    assert answer.exit_code == 1
    found = json.loads(answer.stdout)
    assert (found["read"], found["entered"], found["rejected"]) == (3, 2, 1)
    assert "T-00001" in answer.stderr


def test_every_line_of_a_form_stands_on_its_page() -> None:
    [page] = downtime_pack.pages([7])
    assert "T-00007" in page.words[0].text
    assert max(word.y for word in page.words) < page.height - 5
    assert all(word.x + word.width < page.width for word in page.words)
    assert pdf([page])


def test_times_are_the_hospital_s(world: World) -> None:
    form = downtime.read(typed(world, reported="2026-11-30 08:15"), zone=ZONE)
    assert form.times["reported"] == datetime(2026, 11, 30, 8, 15, tzinfo=ZONE)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # the same for every database
