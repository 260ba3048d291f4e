"""Cancelling ends a ticket unrated, so once work has begun only the hospital may."""

import pytest
from flask.testing import FlaskClient

from app import clock
from app.errors import Refused
from app.models import Person, Ticket
from app.services.tickets import lifecycle
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World

BEGUN = ("accepted", "arrived", "reopened", "back", "again")


@pytest.mark.parametrize("state", BEGUN)
def test_the_desk_cannot_end_work_that_has_begun(state: str, desk: FlaskClient, world: World) -> None:
    ticket = begun(world, state)
    page = f"/console/tickets/{ticket.number}"
    assert not offers(desk, page, f"{page}/cancel")
    for person in (world.desk, world.engineer, world.nurse, world.auditor):
        with pytest.raises(Refused, match="cancel_needs_supervisor"):
            cancel(world, ticket, person)


def test_a_form_built_by_hand_is_answered_in_words(desk: FlaskClient, world: World) -> None:
    kept, page = world.ticket("reported"), "/console/tickets/new"
    token = desk.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    for verb in ("dispatch", "accept"):
        kept = world.move(kept, verb)
    sent = {"csrf_token": token, "seen": kept.updated_at.isoformat()}
    answer = desk.post(f"/console/tickets/{kept.number}/cancel", data=sent)
    assert answer.status_code == 403
    assert "只能由信息科取消" in answer.text


@pytest.mark.parametrize("state", BEGUN)
@pytest.mark.parametrize("who", ["supervisor", "admin"])
def test_the_hospital_can(state: str, who: str, console: Console, world: World) -> None:
    ticket = begun(world, state)
    page = f"/console/tickets/{ticket.number}"
    hospital = console(getattr(world, who))
    assert send(hospital, page, f"{page}/cancel", reason=" ").status_code == 422
    assert send(hospital, page, f"{page}/cancel", reason="报重了").status_code == 303
    shown = hospital.get(page).text
    assert "已取消" in shown
    assert "报重了" in shown


@pytest.mark.parametrize("state", ["reported", "dispatched"])
def test_before_work_began_the_desk_can(state: str, world: World) -> None:
    assert cancel(world, world.ticket(state), world.desk).state == "cancelled"


def begun(world: World, state: str) -> Ticket:
    """`back`: accepted, then dispatched anew; `again`: reopened, then dispatched anew."""
    if state in {"back", "again"}:
        ticket = world.ticket("accepted" if state == "back" else "reopened")
        return world.move(ticket, "dispatch", lead=world.second_engineer)
    return world.ticket(state)


def cancel(world: World, ticket: Ticket, person: Person) -> Ticket:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        lifecycle.cancel(session, held, by=person.id, at=clock.now(), channel="test")
    return held


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
