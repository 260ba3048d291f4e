"""A ticket's details are corrected before its completion, on record; what moves the clock is the hospital's then."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import Database
from app.models import Event, Ticket
from app.runtime import Runtime
from tests.conftest import Console, Phone
from tests.support.console_forms import send
from tests.support.scan_forms import Slip
from tests.support.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def correct(client: FlaskClient, ticket: Ticket, **filled: str) -> int:
    page = f"/console/tickets/{ticket.number}/correct"
    return send(client, page, page, **filled).status_code


def test_a_corrected_priority_is_due_by_its_own_limit_from_the_report_on(
    world: World, desk: FlaskClient, database: Database
) -> None:
    ticket = world.ticket("dispatched")
    assert correct(desk, ticket, priority="1", category=str(world.network.id), department=str(world.it.id)) == 303
    with database.reading() as session:
        held = session.get_one(Ticket, ticket.id)
        told = session.scalars(select(Event.data).where(Event.kind == "details_corrected")).one()
    assert (held.priority, held.category_id, held.department_id) == (1, world.network.id, world.it.id)
    assert told == {
        "category": [world.printers.id, world.network.id],
        "priority": [3, 1],
        "department": [world.ward.id, world.it.id],
    }
    shown = desk.get(f"/console/tickets/{ticket.number}").text
    assert "更正内容" in shown
    assert "普通 →\n特急" in shown


def test_once_work_has_begun_only_the_hospital_moves_the_clock(
    world: World, desk: FlaskClient, supervisor: FlaskClient, database: Database
) -> None:
    ticket = world.ticket("accepted")
    assert correct(desk, ticket, priority="4") == 403
    assert correct(supervisor, ticket, priority="4") == 303
    with database.reading() as session:
        assert session.get_one(Ticket, ticket.id).priority == 4


def test_who_was_served_rates_and_nobody_makes_it_nobody(
    world: World, supervisor: FlaskClient, desk: FlaskClient, phone: Phone, slip: Slip
) -> None:
    ticket = world.ticket("accepted")
    assert correct(desk, ticket, served="person", served_person=world.doctor.staff_number) == 403
    assert correct(supervisor, ticket, served="person", served_person=world.desk.staff_number) == 422
    assert correct(supervisor, ticket, served="person", served_person=world.doctor.staff_number) == 303
    world.move(ticket, "finish")
    assert "本人评价" in phone(world.nurse_identity).get(slip.path(ticket)).text
    served = phone(world.bind(world.doctor))
    assert slip.rate(served, ticket, 5).status_code == 303
    unserved = world.ticket("accepted", source="monitoring")
    assert correct(supervisor, unserved, served="department") == 409


@pytest.mark.parametrize(("source", "answer"), [("wechat", 403), ("phone", 303)])
def test_the_desk_corrects_who_was_served_only_where_it_wrote_that_down(
    source: str, answer: int, world: World, desk: FlaskClient
) -> None:
    """What somebody reported themselves is rated by them: the provider does not choose its rater."""
    ticket = world.ticket(source=source)
    page = desk.get(f"/console/tickets/{ticket.number}/correct").text
    assert ('name="served_person"' in page) is (answer == 303)
    assert correct(desk, ticket, served="person", served_person=world.doctor.staff_number) == answer


def test_an_engineers_phone_corrects_nobody_who_was_served_and_looks_nobody_up(
    world: World, phone: Phone, slip: Slip, database: Database
) -> None:
    ticket, engineer = world.ticket("dispatched"), phone(world.engineer_identity)
    page = f"/engineer/{ticket.number}/correct"
    typed = {"served": "person", "department": str(world.pharmacy.id), "visit": slip.token_in(engineer.get(page).text)}
    for name in (world.doctor.staff_number, "no such number"):
        assert engineer.post(page, data={**typed, "served_person": name}).status_code == 303
    with database.reading() as session:
        held = session.get_one(Ticket, ticket.id)
        assert session.scalars(select(Event).where(Event.kind == "details_corrected")).all() == []
    assert (held.served_person_id, held.department_id) == (world.nurse.id, world.ward.id)


@pytest.mark.parametrize("state", ["finished", "closed", "cancelled"])
def test_what_is_over_stays_as_it_is(state: str, world: World, supervisor: FlaskClient) -> None:
    ticket = world.ticket(state)
    assert f"/console/tickets/{ticket.number}/correct" not in supervisor.get(f"/console/tickets/{ticket.number}").text
    page = f"/console/tickets/{ticket.number}/correct"
    assert send(supervisor, page, page, priority="1").status_code == 409


def test_notes_are_for_those_the_kinds_name_and_never_for_the_user(
    world: World, desk: FlaskClient, supervisor: FlaskClient, phone: Phone, slip: Slip
) -> None:
    ticket = world.ticket("accepted")
    page = f"/console/tickets/{ticket.number}"
    send(desk, page, f"{page}/note", note="护士站说下午再来")
    send(supervisor, page, f"{page}/note", note="请留意这家的备件", kind="noted_inside")
    assert [("护士站" in shown, "备件" in shown) for shown in (desk.get(page).text, supervisor.get(page).text)] == [
        (True, False),
        (True, True),
    ]
    shown = desk.get(page).text
    assert "医院内部备注" not in shown
    assert 'value="noted_inside"' not in shown
    for user in (phone(world.nurse_identity), phone(world.engineer_identity)):
        assert "备件" not in user.get(slip.path(ticket)).text
    assert "护士站说" not in phone(world.nurse_identity).get(slip.path(ticket)).text
    assert send(desk, page, f"{page}/note", note="x", kind="noted_inside").status_code == 422


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)
