"""Who has left has no door any more: not on the phone, not at the console, and nobody can give them a ticket."""

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.errors import Refused
from app.models import Employment, Person, Ticket
from app.runtime import Runtime
from app.services.organisation import employment
from app.services.tickets import detail, requester
from tests.conftest import Console, Phone
from tests.support.console_forms import send
from tests.support.scan_forms import Slip
from tests.support.world import ZONE, World


def test_an_engineer_who_left_yesterday_finds_his_pages_shut(runtime: Runtime, world: World, phone: Phone) -> None:
    ticket, slip = world.ticket("dispatched"), Slip(runtime)
    engineer, page = phone(world.engineer_identity), f"/engineer/{ticket.number}"
    form = slip.token_in(engineer.get(page).text)
    leave(world, world.engineer)
    assert [engineer.get(door).status_code for door in ("/engineer", page, f"{page}/code")] == [403] * 3
    assert engineer.post(f"{page}/accept", data={"visit": form}).status_code == 403
    assert slip.fresh(ticket).state == "dispatched"


def test_on_his_last_day_he_still_works(world: World, phone: Phone) -> None:
    leave(world, world.engineer, last=today())
    assert phone(world.engineer_identity).get("/engineer").status_code == 200


def test_nobody_who_left_is_offered_or_given_a_ticket(desk: FlaskClient, world: World) -> None:
    leave(world, world.second_engineer, last=today() - timedelta(days=2))  # the small hospital dispatches in UTC
    with world.database.reading() as session:
        offered = [one.id for one in detail.candidates(session, today())]
    assert offered == [world.engineer.id]
    for lead, helpers in ((world.second_engineer, ()), (world.engineer, (world.second_engineer,))):
        with pytest.raises(Refused, match="not_an_engineer"):
            world.ticket("dispatched", lead=lead, helpers=helpers)
    page = f"/console/tickets/{world.ticket().number}"
    assert send(desk, page, f"{page}/dispatch", lead=str(world.second_engineer.id)).status_code == 400


@pytest.mark.parametrize("who", ["desk", "supervisor", "admin", "auditor"])
def test_a_console_that_stands_open_shuts_with_the_last_employment(who: str, console: Console, world: World) -> None:
    person = getattr(world, who)
    open_console = console(person)
    assert open_console.get("/console").status_code == 200
    leave(world, person)
    assert open_console.get("/console").status_code == 403
    assert open_console.get("/console/ratings").status_code == 403


def test_who_never_had_an_employment_keeps_his_roles_and_who_moved_too(world: World) -> None:
    leave(world, world.supervisor)
    with world.database.transaction() as session:
        session.add(Employment(person_id=world.supervisor.id, department_id=world.ward.id, valid_from=today()))
        session.query(Employment).filter_by(person_id=world.admin.id).delete()
    with world.database.reading() as session:
        roles = [employment.roles_at(session, person.id, today()) for person in (world.supervisor, world.admin)]
    assert roles == [{"supervisor"}, {"admin"}]


def test_no_ticket_is_opened_for_somebody_who_has_left(desk: FlaskClient, world: World, runtime: Runtime) -> None:
    """The provider hires nurses, and their old phones stay bound: each would be a rating that counts (law 4)."""
    leave(world, world.nurse, last=today() - timedelta(days=2))  # the small hospital reports in UTC
    for name in (world.nurse.staff_number, world.nurse.name):
        filled = {"source": "phone", "requester": name, "served": "requester", "priority": "3", "description": "坏了"}
        answer = send(desk, "/console/tickets/new", "/console/tickets/new", category=str(world.printers.id), **filled)
        assert answer.status_code == 422
    fault = requester.Fault("打印机不出纸", world.printers.id)
    with pytest.raises(Refused, match="served_has_left"), runtime.database.transaction() as session:
        requester.report(session, world.nurse.id, fault, at=clock.now(), zone=ZONE, channel="wechat")
    with runtime.database.reading() as session:
        assert session.query(Ticket).count() == 0


def test_what_was_done_for_somebody_before_they_left_they_still_rate(
    world: World, phone: Phone, runtime: Runtime
) -> None:
    ticket, slip = world.ticket("finished"), Slip(runtime)
    leave(world, world.nurse)
    assert slip.rate(phone(world.nurse_identity), ticket, 2).status_code == 303
    assert slip.counted(ticket) == [(2, world.nurse.id)]


def today() -> date:
    return clock.now().astimezone(ZONE).date()


def leave(world: World, person: Person, *, last: date | None = None) -> None:
    """The person's last day was yesterday if nothing else is said."""
    ended = last or today() - timedelta(days=1)
    with world.database.transaction() as session:
        session.execute(update(Employment).where(Employment.person_id == person.id).values(valid_to=ended))


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
