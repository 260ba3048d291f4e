"""Passwords by page; and what weighs on somebody is done with a reason, which stands beside the event and can go."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.models import Employment, Event, EventNote, IntegrationKey, RoleGrant, WeChatIdentity
from app.services.identity import accounts
from app.services.integrations import keys
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import ZONE, World

PASSWORD = "/sign-in/password"
WHY = "手机丢在食堂了"


@pytest.fixture
def admin(console: Console, world: World) -> FlaskClient:
    return console(world.admin)


def test_an_admin_gives_a_password_that_is_shown_once_and_ends_every_visit(
    admin: FlaskClient, console: Console, world: World
) -> None:
    page, desk = person(world.desk.id), console(world.desk)
    shown = send(admin, page, f"{page}/password").text
    made = shown.split("只显示这一次：")[1].split("<code>")[1].split("</code>")[0]
    assert made not in admin.get(page).text
    assert desk.get("/console").status_code == 302
    filled = {"staff_number": world.desk.staff_number, "password": made}
    assert send(desk, "/sign-in", "/sign-in", **filled).location == "/console"
    assert told(world, "password_changed") == [(world.desk.id, world.admin.id, None)]


def test_whoever_has_no_office_at_the_console_is_given_none(admin: FlaskClient, world: World) -> None:
    page = person(world.nurse.id)
    assert not offers(admin, page, f"{page}/password")
    assert not offers(admin, page, f"{page}/account/off")


def test_people_change_their_own_password_by_the_one_they_have(console: Console, world: World, password: str) -> None:
    supervisor, elsewhere = console(world.supervisor), console(world.supervisor)
    new = "a new and longer one"
    assert send(supervisor, PASSWORD, PASSWORD, old=password, new=new, again="another one here").status_code == 422
    assert send(supervisor, PASSWORD, PASSWORD, old=password, new="short", again="short").status_code == 409
    assert send(supervisor, PASSWORD, PASSWORD, old="wrong", new=new, again=new).status_code == 422
    assert send(supervisor, PASSWORD, PASSWORD, old=password, new=new, again=new).location == "/console"
    assert supervisor.get("/console").status_code == 200
    assert elsewhere.get("/console").status_code == 302
    assert told(world, "password_changed") == [(world.supervisor.id, world.supervisor.id, None)]


def test_who_has_no_password_is_told_so_and_who_is_nobody_is_sent_to_the_entrance(
    console: Console, world: World
) -> None:
    auditor = console(world.auditor)
    assert not offers(auditor, PASSWORD, PASSWORD)
    assert "没有密码" in auditor.get(PASSWORD).text
    assert auditor.application.test_client().get(PASSWORD).location == "/sign-in"


def test_an_account_is_switched_off_with_a_reason(
    admin: FlaskClient, console: Console, world: World, password: str
) -> None:
    assert password
    page, desk = person(world.desk.id), console(world.desk)
    assert send(admin, page, f"{page}/account/off").status_code == 422
    assert desk.get("/console").status_code == 200
    assert send(admin, page, f"{page}/account/off", reason=WHY).status_code == 303
    assert desk.get("/console").status_code == 302
    with world.database.reading() as session:
        assert not accounts.has_password(session, world.desk.id)
        assert session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == world.desk.id)).all() == []
    assert told(world, "account_switched_off") == [(world.desk.id, world.admin.id, WHY)]
    assert WHY in admin.get(page).text
    own = person(world.admin.id)
    assert send(admin, own, f"{own}/account/off", reason=WHY).status_code == 409


def test_an_employment_ends_on_a_day_with_a_reason(admin: FlaskClient, console: Console, world: World) -> None:
    page, today = person(world.engineer.id), clock.now().astimezone(ZONE).date()
    for last, reason, status in (("", WHY, 422), ("2020-01-01", WHY, 422), (str(today), "", 422)):
        assert send(admin, page, f"{page}/leave", last=last, reason=reason).status_code == status
    assert send(admin, page, f"{page}/leave", last=str(today), reason=WHY).status_code == 303
    with world.database.reading() as session:
        held = select(Employment.valid_to).where(Employment.person_id == world.engineer.id)
        assert session.scalars(held).one() == today
    assert told(world, "employment_changed") == [(world.engineer.id, world.admin.id, WHY)]
    assert not offers(console(world.supervisor), page, f"{page}/leave")
    own = person(world.admin.id)
    assert not offers(admin, own, f"{own}/leave")


def test_a_role_is_taken_with_a_reason_and_given_without(admin: FlaskClient, world: World) -> None:
    page = person(world.supervisor.id)
    assert send(admin, page, f"{page}/roles", role=["supervisor", "admin"]).status_code == 303
    assert send(admin, page, f"{page}/roles", role=["supervisor"]).status_code == 422
    assert send(admin, page, f"{page}/roles", role=["supervisor"], reason=WHY).status_code == 303
    assert [note for _about, _by, note in told(world, "roles_changed")] == [None, WHY]


def test_a_phone_is_unbound_with_a_reason(admin: FlaskClient, world: World) -> None:
    page, to = person(world.nurse.id), f"{person(world.nurse.id)}/unbind/{world.nurse_identity.id}"
    assert send(admin, page, to).status_code == 422
    with world.database.reading() as session:
        assert session.get_one(WeChatIdentity, world.nurse_identity.id).person_id == world.nurse.id
    assert send(admin, page, to, reason=WHY).status_code == 303
    assert told(world, "unbound") == [(world.nurse.id, world.admin.id, WHY)]


def test_a_key_is_revoked_with_a_reason_that_the_auditor_reads(
    admin: FlaskClient, console: Console, world: World
) -> None:
    with world.database.transaction() as session:
        keys.make(session, name="ITSM", scopes=["tickets:read"], by=world.admin.id, at=clock.now())
    page = "/console/integrations"
    assert send(admin, page, f"{page}/keys/1/revoke").status_code == 422
    with world.database.reading() as session:
        assert session.scalars(select(IntegrationKey.revoked_at)).all() == [None]
    assert send(admin, page, f"{page}/keys/1/revoke", reason=WHY).status_code == 303
    assert WHY in console(world.auditor).get("/console/audit?kind=integrations_changed").text


def test_the_reason_stands_in_no_event(admin: FlaskClient, world: World) -> None:
    page = person(world.nurse.id)
    send(admin, page, f"{page}/unbind/{world.nurse_identity.id}", reason=WHY)
    with world.database.reading() as session:
        [data] = session.scalars(select(Event.data).where(Event.kind == "unbound"))
    assert data == {"identity": world.nurse_identity.id, "noted": True}


def test_a_red_button_asks_why(admin: FlaskClient, world: World) -> None:
    """Every form whose button is red has a field for its reason; what is decided for good has one of its own."""
    for address in (person(world.nurse.id), person(world.desk.id), f"/console/lists/category/{world.printers.id}"):
        shown = admin.get(address).text
        forms = [form for form in re.findall(r"<form.*?</form>", shown, re.DOTALL) if "btn-outline-danger" in form]
        assert forms
        assert all('name="reason"' in form for form in forms)


def person(person_id: int) -> str:
    return f"/console/people/{person_id}"


def told(world: World, kind: str) -> list[tuple[int, int | None, str | None]]:
    """About whom, by whom, and why."""
    query = select(Event.subject_id, Event.actor_id, EventNote.text).outerjoin(
        EventNote, EventNote.event_id == Event.id
    )
    with world.database.reading() as session:
        found = session.execute(query.where(Event.kind == kind).order_by(Event.id))
        return [(about, by, note) for about, by, note in found]
