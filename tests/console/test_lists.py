"""Categories, departments and posts are kept by the admin in pages: on record, codes stay, nothing is deleted."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.models import Campus, Category, Department, Event, EventNote, Post, Provider, Team, Ticket
from app.services.organisation import catalogue, duty_figures
from tests.conftest import Console, Phone
from tests.support.console_forms import offers, send
from tests.support.world import World

LIST = "/console/lists/category"


@pytest.fixture
def admin(console: Console, world: World) -> FlaskClient:
    return console(world.admin)


def test_a_line_is_added_renamed_and_moved_with_who_and_what_it_was_called(admin: FlaskClient, world: World) -> None:
    assert send(admin, LIST, LIST, code="scanner", name="扫描枪", position="5").status_code == 303
    row = kept(world, Category, "scanner")
    assert (row.name, row.position, row.for_users) == ("扫描枪", 5, False)
    page = f"{LIST}/{row.id}"
    assert send(admin, page, page, name="扫码枪", position="7", for_users="on").status_code == 303
    row = kept(world, Category, "scanner")
    assert (row.name, row.position, row.for_users) == ("扫码枪", 7, True)
    assert acts(world, "category_changed", row.id) == ["added", "renamed", "changed"]
    shown = admin.get(page).text
    assert "原名“扫描枪”" in shown
    assert world.admin.name in shown
    assert "没有变化" in admin.get(send(admin, page, page, name="扫码枪", position="7", for_users="on").location).text


def test_what_is_switched_off_is_offered_no_more_and_stays_where_it_is(
    admin: FlaskClient, console: Console, phone: Phone, world: World
) -> None:
    ticket = world.ticket("dispatched")
    page = f"{LIST}/{world.printers.id}"
    option, chosen = (f'<option value="{world.printers.id}"{mark}>打印机' for mark in ("", " selected"))
    desk, nurse = console(world.desk), phone(world.nurse_identity)
    assert option in desk.get("/console/tickets/new").text
    assert option in nurse.get("/report").text
    assert send(admin, page, f"{page}/off", reason="并入打印机").status_code == 303
    assert option not in desk.get("/console/tickets/new").text
    assert option not in nurse.get("/report").text
    assert world.printers.name in desk.get(f"/console/tickets/{ticket.number}").text
    assert chosen in desk.get(f"/console/tickets/{ticket.number}/correct").text
    assert option in desk.get("/console/tickets").text  # lists of the past are asked for it
    assert "并入打印机" in admin.get(page).text
    assert send(admin, page, f"{page}/on").status_code == 303
    assert option in desk.get("/console/tickets/new").text


def test_a_form_from_before_is_refused_a_category_that_was_switched_off(
    admin: FlaskClient, console: Console, world: World
) -> None:
    page, new = f"{LIST}/{world.printers.id}", "/console/tickets/new"
    desk = console(world.desk)
    token = desk.get(new).text.split('name="csrf_token" value="')[1].split('"')[0]
    send(admin, page, f"{page}/off", reason="不再提供")
    filled = {"source": "phone", "requester": world.nurse.staff_number, "served": "person", "priority": "3"}
    filled |= {"served_person": world.nurse.staff_number, "description": "坏了", "category": str(world.printers.id)}
    assert desk.post(new, data={"csrf_token": token, **filled}).status_code == 422
    with world.database.reading() as session:
        assert session.scalars(select(Ticket.id)).all() == []


def test_switching_off_needs_a_reason_that_stands_beside_the_event_alone(admin: FlaskClient, world: World) -> None:
    page = f"/console/lists/department/{world.ward.id}"
    assert send(admin, page, f"{page}/off").status_code == 422
    assert send(admin, page, f"{page}/off", reason="  ").status_code == 422
    assert kept(world, Department, world.ward.code).off_at is None
    assert send(admin, page, f"{page}/off", reason="合并到外科").status_code == 303
    with world.database.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "department_changed")).one()
        assert event.data == {"act": "switched_off", "noted": True}
        assert session.get_one(EventNote, event.id).text == "合并到外科"


def test_users_are_offered_the_short_list_and_the_desk_all_of_it(admin: FlaskClient, world: World) -> None:
    page = f"{LIST}/{world.printers.id}"
    send(admin, page, page, name=world.printers.name, position="100")
    with world.database.reading() as session:
        assert world.printers.id not in {one.id for one in catalogue.categories_for_users(session)}
        assert world.printers.id in {one.id for one in catalogue.categories_now(session)}


def test_lines_stand_in_the_order_they_were_given(admin: FlaskClient, world: World) -> None:
    for code, position in (("zz", "1"), ("aa", "3"), ("mm", "2")):
        send(admin, LIST, LIST, code=code, name=code, position=position)
    with world.database.reading() as session:
        named = [one.name for one in catalogue.categories_now(session)]
    assert [one for one in named if one in {"zz", "aa", "mm"}] == ["zz", "mm", "aa"]


@pytest.mark.parametrize(
    ("filled", "status"),
    [
        ({"code": "a b", "name": "x"}, 422),
        ({"code": "", "name": "x"}, 422),
        ({"code": "x", "name": ""}, 422),
        ({"code": "x", "name": "x", "position": "-1"}, 422),
        ({"code": "x", "name": "x", "position": "一"}, 422),
        ({"code": "x", "name": "x", "above": "999"}, 422),
        ({"code": "TAKEN", "name": "x"}, 409),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    filled: dict[str, str], status: int, admin: FlaskClient, world: World
) -> None:
    code = filled["code"]
    taken = {**filled, "code": world.printers.code.upper() if code == "TAKEN" else code}
    assert send(admin, LIST, LIST, **taken).status_code == status


def test_a_post_belongs_to_a_provider_and_counts_until_it_is_switched_off(admin: FlaskClient, world: World) -> None:
    page = f"/console/lists/post/{world.post.id}"
    answer = send(admin, page, page, name=world.post.name, position="1", headcount="2", key_post="on")
    assert answer.status_code == 303
    assert kept(world, Post, world.post.code).headcount == 2
    today = clock.now().date()
    with world.database.reading() as session:
        assert duty_figures._required(session, world.provider.id, today, today) == 2  # noqa: SLF001
    send(admin, page, f"{page}/off", reason="合同不再要求")
    with world.database.reading() as session:
        assert duty_figures._required(session, world.provider.id, today, today) == 0  # noqa: SLF001
    assert send(admin, "/console/lists/post", "/console/lists/post", code="new", name="新岗位").status_code == 422


def test_a_hospital_begins_with_its_campuses_its_provider_and_their_teams(admin: FlaskClient, world: World) -> None:
    lists = "/console/lists"
    assert send(admin, f"{lists}/campus", f"{lists}/campus", code="north", name="北院区").status_code == 303
    assert send(admin, f"{lists}/provider", f"{lists}/provider", code="xinyuan", name="新源").status_code == 303
    provider = kept(world, Provider, "xinyuan")
    made = send(admin, f"{lists}/team", f"{lists}/team", code="xy-net", name="网络组", above=str(provider.id))
    assert made.status_code == 303
    team = kept(world, Team, "xy-net")
    page = f"{lists}/team/{team.id}"
    assert send(admin, page, page, name="网络一组").status_code == 303
    assert kept(world, Team, "xy-net").provider_id == provider.id
    offered = admin.get("/console/contracts").text
    assert "新源" in offered
    assert "北院区" in offered
    gone = f"{lists}/provider/{provider.id}"
    send(admin, gone, f"{gone}/off", reason="合同没有签")
    assert "新源" not in admin.get("/console/contracts").text
    assert kept(world, Campus, "north").off_at is None


def test_the_others_read_and_change_nothing(console: Console, world: World) -> None:
    page = f"{LIST}/{world.printers.id}"
    for one in (world.supervisor, world.auditor):
        visitor = console(one)
        assert not offers(visitor, LIST, LIST)
        assert not offers(visitor, page, page)
        assert not offers(visitor, page, f"{page}/off")
    assert console(world.desk).get(LIST).status_code == 403


def test_an_unknown_list_or_line_is_not_found(admin: FlaskClient) -> None:
    assert admin.get("/console/lists/person").status_code == 404
    assert admin.get(f"{LIST}/99999").status_code == 404


def kept(world: World, table: Any, code: str) -> Any:
    with world.database.reading() as session:
        return session.scalars(select(table).where(table.code == code)).one()


def acts(world: World, kind: str, row_id: int) -> list[str]:
    with world.database.reading() as session:
        found = select(Event.data).where(Event.kind == kind, Event.subject_id == row_id).order_by(Event.id)
        return [data["act"] for data in session.scalars(found)]
