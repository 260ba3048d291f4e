"""What was typed: a line end is one character, as in the box that counted it, and nothing is ever cut."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.models import RatingDetail, Ticket
from app.paths import ROOT
from tests.conftest import Console, Phone
from tests.support.console_forms import send
from tests.support.scan_forms import Slip
from tests.support.world import World

LINES = "字\r\n" * 249 + "完了"  # 500 characters in the box
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CUT = re.compile(r"(form|values)(\.get)?[\[(][^\])]*[\])]\s*\[:")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_five_hundred_characters_in_lines_are_kept(kind: str, slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 5)
    form = {"visit": slip.form(nurse, ticket), "comment": LINES}
    assert nurse.post(slip.path(ticket) + "/detail", data=form, content_type=kind).status_code == 303
    with world.database.reading() as session:
        assert session.scalars(select(RatingDetail.comment)).one() == LINES.replace("\r\n", "\n")


def test_a_fault_is_reported_in_lines(world: World, phone: Phone) -> None:
    answer = send(phone(world.nurse_identity), "/report", "/report", description=LINES)
    assert answer.status_code == 303
    assert described(world) == LINES.replace("\r\n", "\n")


def test_the_desks_text_is_kept_whole(desk: FlaskClient, world: World) -> None:
    long = "行\r\n" * 998 + "末了"  # 1,998 characters
    answer = called(desk, world, long)
    assert answer.status_code == 303
    assert described(world) == long.replace("\r\n", "\n")


def test_a_box_overfull_is_refused_and_shown_again(desk: FlaskClient, world: World) -> None:
    answer = called(desk, world, "长" * 2001)
    assert answer.status_code == 422
    assert "长" * 2001 in answer.text


def test_a_line_too_long_is_refused_with_what_was_expected(slip: Slip, world: World, phone: Phone) -> None:
    stranger = phone(world.stranger_identity)
    form = {"visit": slip.token_in(stranger.get("/my/bind").text), "staff_number": "0" * 101}
    answer = stranger.post("/my/bind", data=form)
    assert answer.status_code == 422
    assert "最多 100 个字" in answer.text


def test_nobody_cuts_what_a_form_brings(database_url: str) -> None:
    sources = [path for folder in ("web", "api", "http") for path in Path(ROOT / "app" / folder).rglob("*.py")]
    assert [path.name for path in sources if CUT.search(path.read_text("utf-8"))] == []


def called(desk: FlaskClient, world: World, description: str) -> TestResponse:
    sent = {"requester": world.nurse.staff_number, "category": str(world.printers.id), "description": description}
    page = "/console/tickets/new"
    return send(desk, page, page, **sent, source="phone", served="requester", priority="3")


def described(world: World) -> str:
    with world.database.reading() as session:
        return session.scalars(select(Ticket.description)).one()


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
