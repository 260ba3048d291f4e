"""The ticket's page shows what its clock did, and the desk pauses it with a reason."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import Database
from app.models import Event
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World


def test_the_desk_pauses_the_clock_and_lets_it_run_again(desk: FlaskClient, world: World, database: Database) -> None:
    page = f"/console/tickets/{world.ticket('accepted').number}"
    assert "还剩" in desk.get(page).text
    send(desk, page, f"{page}/pause", reason="supplier", hours="4")
    shown = desk.get(page).text
    assert "暂停计时</b> 等供应商" in shown
    assert not offers(desk, page, f"{page}/pause")
    send(desk, page, f"{page}/resume")
    assert offers(desk, page, f"{page}/pause")
    told = select(Event.kind).where(Event.kind.in_(("paused", "resumed"))).order_by(Event.id)
    with database.reading() as session:
        assert session.scalars(told).all() == ["paused", "resumed"]


def test_a_pause_needs_its_reason(desk: FlaskClient, world: World) -> None:
    page = f"/console/tickets/{world.ticket('accepted').number}"
    assert send(desk, page, f"{page}/pause", reason="", hours="4").status_code == 400


@pytest.mark.parametrize("state", ["reported", "finished"])
def test_what_was_not_answered_or_is_done_offers_no_pause(state: str, desk: FlaskClient, world: World) -> None:
    page = f"/console/tickets/{world.ticket(state).number}"
    assert not offers(desk, page, f"{page}/pause")


def test_what_was_late_says_by_how_much(desk: FlaskClient, world: World) -> None:
    ticket = world.ticket("finished", step=timedelta(minutes=30))
    shown = desk.get(f"/console/tickets/{ticket.number}").text
    assert "服务级别" in shown
    assert "计时经过（工作时间，规则 default-1）" in shown


def test_in_english(desk: FlaskClient, world: World) -> None:
    shown = desk.get(f"/console/tickets/{world.ticket('finished').number}?lang=en").text
    assert "What the clock did (Office hours, rules default-1)" in shown
    assert "working days: 1" in shown


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
