"""With name, staff number and the telephone's last digits anybody binds a WeChat: the desk gets no staff number."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import RateLimitItemPerHour
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.db import Database
from app.http import rate_limits
from app.models import Employment, Inbound, Notice, Person
from app.services.codes import slip_pads
from tests.conftest import Console
from tests.console.test_new_ticket import PAGE, report
from tests.support.doors import doors
from tests.support.world import APPID, WAYS, World

LINK = "/console/print/pads/link"  # shows the ticket whose number was typed


@pytest.mark.slow("every page of the desk")
def test_no_page_of_the_desk_has_a_staff_number_of_the_hospital(
    app: Flask, console: Console, world: World, numbers: re.Pattern[str], something_of_everything: list[str]
) -> None:
    desk = console(world.desk)
    for page in something_of_everything:
        shown = desk.get(page, follow_redirects=True)
        assert shown.status_code == 200, page
        assert not numbers.findall(said(shown)), page


@pytest.mark.slow("every page of the desk")
def test_the_pages_are_full_enough_to_show_them_to_the_hospital(
    console: Console, world: World, numbers: re.Pattern[str], something_of_everything: list[str]
) -> None:
    supervisor = console(world.supervisor)
    full = {page for page in something_of_everything if numbers.findall(said(supervisor.get(page)))}
    assert {"/console", "/console/notices"} < full
    assert len(full) >= len(WAYS)


def test_namesakes_are_told_apart_without_their_numbers(
    desk: FlaskClient, world: World, numbers: re.Pattern[str], console: Console
) -> None:
    asked = report(desk, world, requester=world.nurse.name).text
    assert 'class="picks"' in asked
    assert not numbers.findall(asked)
    assert numbers.findall(report(console(world.supervisor), world, requester=world.nurse.name).text)


def test_a_ticket_found_by_name_shows_none(desk: FlaskClient, world: World, numbers: re.Pattern[str]) -> None:
    world.ticket()
    shown = desk.get(f"/console/tickets?q={world.nurse.name}").text
    assert world.nurse.name in shown
    assert not numbers.findall(shown)


def test_a_staff_number_finds_no_ticket_for_the_desk_but_for_the_hospital(
    desk: FlaskClient, world: World, console: Console
) -> None:
    """Else the desk would try numbers out until the ticket of the name it knows comes up."""
    ticket, asked = world.ticket(), f"/console/tickets?q={world.nurse.staff_number}"
    assert ticket.number not in desk.get(asked).text
    assert ticket.number in console(world.supervisor).get(asked).text


def test_opening_a_ticket_for_somebody_tells_the_desk_no_telephone(
    desk: FlaskClient, world: World, console: Console
) -> None:
    page = report(desk, world, requester=world.nurse.name).location
    assert page
    assert world.nurse.telephone not in desk.get(page).text
    assert world.nurse.telephone in console(world.supervisor).get(page).text
    own = world.ticket()  # she has reported it on her phone
    assert world.nurse.telephone in desk.get(f"/console/tickets/{own.number}").text


@pytest.mark.parametrize("asked", ["王丽", "没有这个人"])
def test_who_names_too_many_people_that_are_not_found_is_stopped(
    asked: str, desk: FlaskClient, world: World, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "PEOPLE_MISSED", RateLimitItemPerHour(3))
    world.employ("00777", world.nurse.name, department=world.pharmacy)
    answers = [report(desk, world, requester=asked).status_code for _ in range(4)]
    assert answers == [422] * 3 + [429]
    assert report(desk, world, requester=world.doctor.name).status_code == 429
    assert report(console(world.supervisor), world, requester=asked).status_code == 422


def said(answer: TestResponse) -> str:
    """A page's text, or what can be read in a file."""
    return answer.get_data().decode("utf-8", "replace")


@pytest.fixture
def numbers(database: Database, world: World) -> re.Pattern[str]:
    """Any staff number of anybody of the hospital, standing alone."""
    world.employ("00777", world.nurse.name, department=world.pharmacy)
    with database.reading() as session:
        found = session.scalars(
            select(Person.staff_number).join(Employment).where(Employment.department_id.is_not(None))
        )
        return re.compile(rf"(?<![\w-])(?:{'|'.join(found)})(?![\w-])")


@pytest.fixture
def something_of_everything(app: Flask, world: World, database: Database) -> list[str]:
    """Every page the desk may open, with tickets of all states, their notices and an alert about somebody.

    No PDF: its text is packed and spelt in the numbers of glyphs; the page before it shows the same words.
    What suggests people while one types is shut to the provider's desk.
    """
    tickets = [world.ticket(state) for state in WAYS]
    world.ticket("finished", served=world.ward)
    with database.transaction() as session:
        slip_pads.reserve(session, 1, by=world.desk.id, at=clock.now())
        assert session.scalars(select(Notice).where(Notice.person_id == world.nurse.id)).first()
        session.add(
            Inbound(
                key="left",
                appid=APPID,
                kind="event",
                event="unsubscribe",
                openid="",
                scene="",
                body="",
                received_at=clock.now(),
                next_try_at=clock.now(),
                state="done",
                alert="engineer_left",
                person_id=world.doctor.id,
            )
        )
    pages = {
        door.address
        for ticket in tickets
        for door in doors(app, "GET", real={"number": ticket.number})
        if door.blueprint == "console" and not door.rule.endswith((".svg", ".pdf", "/photos/<id:photo_id>", "/suggest"))
    }
    assert {"/console", PAGE, "/console/tickets", "/console/notices", LINK} < pages
    finished = next(ticket.number for ticket, state in zip(tickets, WAYS, strict=True) if state == "finished")
    return [*sorted(pages - {LINK}), f"{LINK}?slip=B-000001&ticket={finished}"]


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
