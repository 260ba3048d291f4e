"""A ticket opened at the desk."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.db import Database
from app.models import Asset, Event, Place, Ticket, TicketAsset
from tests.conftest import Console
from tests.support.console_forms import send
from tests.support.world import World

PAGE = "/console/tickets/new"


def test_a_call_becomes_a_ticket_of_the_callers_department(desk: FlaskClient, world: World, database: Database) -> None:
    answer = report(desk, world, requester=world.nurse.staff_number)
    ticket = only_ticket(database)
    assert answer.location == f"/console/tickets/{ticket.number}"
    assert (ticket.state, ticket.source, ticket.description) == ("reported", "phone", "打印机不出纸")
    assert ticket.requester_id == ticket.served_person_id == world.nurse.id
    assert ticket.department_id == world.ward.id
    with database.reading() as session:
        event = session.scalars(select(Event)).one()
    assert (event.kind, event.actor_id, event.channel) == ("reported", world.desk.id, "console")


def test_a_name_is_enough_where_only_one_has_it(desk: FlaskClient, world: World, database: Database) -> None:
    report(desk, world, requester=world.doctor.name)
    assert only_ticket(database).requester_id == world.doctor.id


def test_a_number_may_be_typed_in_full_width(desk: FlaskClient, world: World, database: Database) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in world.doctor.staff_number)
    report(desk, world, requester=wide)
    assert only_ticket(database).requester_id == world.doctor.id


def test_namesakes_are_offered_and_one_is_chosen(desk: FlaskClient, world: World, database: Database) -> None:
    other = world.employ("00777", world.nurse.name, department=world.pharmacy)
    asked = report(desk, world, requester=world.nurse.name)
    assert asked.status_code == 422
    picks = asked.text.split('class="picks"')[1].split("</div>")[0]
    assert world.ward.name in picks
    assert world.pharmacy.name in picks
    report(desk, world, requester=world.nurse.name, requester_pick=str(other.id))
    assert only_ticket(database).requester_id == other.id


def test_a_pick_is_one_of_those_who_were_named(desk: FlaskClient, world: World, database: Database) -> None:
    report(desk, world, requester=world.nurse.name, requester_pick=str(world.doctor.id))
    assert only_ticket(database).requester_id == world.nurse.id


def test_too_many_of_one_name_are_not_listed_but_told_apart_by_number(desk: FlaskClient, world: World) -> None:
    many = [world.employ(f"2{number:04}", "王伟") for number in range(51)]
    asked = report(desk, world, requester="王伟")
    assert "同名的超过 50 位" in asked.text
    assert 'class="picks"' not in asked.text
    assert report(desk, world, requester=many[50].staff_number).status_code == 303


@pytest.mark.parametrize(
    "filled",
    [
        {"requester": "W0003"},
        {"requester": "W0001", "served": "department", "department": "1"},
        {"served": "person", "served_person": "W0003"},
        {"served": "person", "served_person": "赵强"},
    ],
)
def test_nobody_of_the_provider_is_served(
    filled: dict[str, str], desk: FlaskClient, world: World, database: Database
) -> None:
    answer = report(desk, world, **filled)
    assert answer.status_code == 422
    assert "服务商人员不能作" in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0


@pytest.mark.parametrize("source", ["monitoring", "inspection"])
def test_the_provider_reports_what_its_monitoring_finds(
    source: str, desk: FlaskClient, world: World, database: Database
) -> None:
    report(desk, world, source=source, served="nobody", requester=world.engineer.staff_number)
    ticket = only_ticket(database)
    assert (ticket.requester_id, ticket.rateable) == (world.engineer.id, False)


def test_served_may_be_another_or_a_whole_department(desk: FlaskClient, world: World, database: Database) -> None:
    report(desk, world, served="person", served_person=world.doctor.staff_number, description="一")
    report(desk, world, served="department", department=str(world.pharmacy.id), description="二")
    with database.reading() as session:
        one, two = session.scalars(select(Ticket).order_by(Ticket.id)).all()
    assert (one.served_person_id, one.served_department_id) == (world.doctor.id, None)
    assert (two.served_person_id, two.served_department_id) == (None, world.pharmacy.id)


def test_monitoring_serves_nobody_and_needs_no_caller(desk: FlaskClient, world: World, database: Database) -> None:
    report(desk, world, source="monitoring", served="nobody", requester="")
    assert not only_ticket(database).rateable


@pytest.mark.parametrize(
    ("filled", "said"),
    [
        ({"served": "nobody"}, "只有监控和巡检"),
        ({"source": "inspection"}, "监控和巡检的工单没有服务对象"),
        ({"requester": ""}, "这一项要填"),
        ({"requester": "没有这个人"}, "没有找到这个人"),
        ({"served": "person", "served_person": ""}, "这一项要填"),
        ({"description": " "}, "这一项要填"),
        ({"description": "长" * 2001}, "最多 2000 个字"),
        ({"category": "999999"}, "这一项要填"),
        ({"category": "x"}, "这一项要填"),
        ({"priority": "9"}, "这一项要填"),
        ({"source": "import"}, "这一项要填"),
        ({"department": "999999"}, "这一项要填"),
        ({"spot": "没有这一间"}, "没有找到这个房间或设备"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(
    filled: dict[str, str], said: str, desk: FlaskClient, world: World, database: Database
) -> None:
    answer = report(desk, world, **filled)
    assert answer.status_code == 422
    assert said in answer.text
    assert "打印机不出纸" in answer.text or "description" in filled
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_the_second_tap_leads_to_the_first_ticket(desk: FlaskClient, world: World, database: Database) -> None:
    first, second = report(desk, world), report(desk, world)
    assert first.location == second.location
    assert "没有再建一张" in desk.get(second.location).text
    only_ticket(database)


def test_a_room_or_an_asset_is_found_by_typing(desk: FlaskClient, world: World, database: Database) -> None:
    with database.transaction() as session:
        room, other = (Place(code=f"p{n}", name=f"治疗室{n}", department_id=world.ward.id) for n in (1, 2))
        session.add_all([room, other])
        session.flush()
        session.add(Asset(tag="PRT-0007", name="标签打印机", place_id=other.id))
    found = desk.get("/console/assets/suggest?q=治疗室").json
    assert [one["value"] for one in (found or {})["found"]] == ["p1", "p2"]
    assert "有几处都叫这个" in report(desk, world, spot="治疗室").text
    report(desk, world, spot="prt-0007")
    ticket = only_ticket(database)
    with database.reading() as session:
        assert session.scalars(select(TicketAsset.ticket_id)).all() == [ticket.id]
        assert session.get_one(Place, ticket.place_id).code == "p2"
    assert report(desk, world, spot="治疗室1", description="另一件").status_code == 303


def report(desk: FlaskClient, world: World, **filled: str) -> TestResponse:
    form = {
        "source": "phone",
        "requester": world.nurse.staff_number,
        "served": "requester",
        "category": str(world.printers.id),
        "priority": "3",
        "description": "打印机不出纸",
    }
    return send(desk, PAGE, PAGE, **{**form, **filled})


def only_ticket(database: Database) -> Ticket:
    with database.reading() as session:
        return session.scalars(select(Ticket)).one()


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
