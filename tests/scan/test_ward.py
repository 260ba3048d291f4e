"""`/w/<token>`: what a ward has waiting, for its members, for strangers, and never for the provider."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import clock
from app.models import Department, Ticket
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.world import World


def test_a_member_sees_what_is_finished_and_loses_what_is_rated(slip: Slip, world: World, phone: Phone) -> None:
    waiting, rated = (world.ticket("finished", served=world.ward) for _ in range(2))
    nurse = phone(world.nurse_identity)
    assert both(nurse, slip, world, waiting, rated) == (True, True)
    slip.rate(phone(world.bind(world.second_nurse)), rated, 5)
    assert both(nurse, slip, world, waiting, rated) == (True, False)


def test_a_line_says_number_time_and_service_and_leads_to_the_rating(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished", served=world.ward, description="患者张三的电脑")
    page = phone(world.nurse_identity).get(path(slip, world.ward)).text
    assert ticket.number in page
    assert "打印机" in page
    assert slip.path(ticket) in page
    assert "张三" not in page
    assert "赵强" not in page


def test_a_stranger_cannot_read_from_the_list_who_rated(slip: Slip, world: World, phone: Phone) -> None:
    tickets = [world.ticket("finished", served=world.ward) for _ in range(2)]
    stranger, doctor = phone(world.stranger_identity), phone(world.bind(world.doctor))
    before = [client.get(path(slip, world.ward)).text for client in (stranger, doctor)]
    slip.rate(phone(world.nurse_identity), tickets[0], 1)
    assert [client.get(path(slip, world.ward)).text for client in (stranger, doctor)] == before
    assert all(ticket.number in page for ticket in tickets for page in before)


def test_a_strangers_own_rating_leaves_his_own_list(slip: Slip, world: World, phone: Phone) -> None:
    waiting, rated = (world.ticket("finished", served=world.ward) for _ in range(2))
    stranger = phone(world.stranger_identity)
    slip.rate(stranger, rated, 3)
    assert both(stranger, slip, world, waiting, rated) == (True, False)


def test_a_fault_is_reported_from_the_wards_code_with_the_ward_filled_in(
    slip: Slip, world: World, phone: Phone
) -> None:
    doctor, there = phone(world.bind(world.doctor)), f"{path(slip, world.pharmacy)}/report"
    form = doctor.get(there).text
    assert world.pharmacy.name in form
    answer = doctor.post(there, data={"visit": slip.token_in(form), "description": "打印机卡纸"})
    assert answer.status_code == 303
    with world.database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
    assert (ticket.department_id, ticket.served_person_id) == (world.pharmacy.id, world.doctor.id)
    assert f"{path(slip, world.ward)}/report" in phone(world.nurse_identity).get(path(slip, world.ward)).text


def test_the_provider_sees_no_list(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished", served=world.ward)
    for identity in (world.engineer_identity, world.bind(world.desk)):
        page = phone(identity).get(path(slip, world.ward))
        assert page.status_code == 403
        assert ticket.number not in page.text


def test_only_what_can_be_rated_is_listed(slip: Slip, world: World, phone: Phone) -> None:
    late = clock.now() - timedelta(days=14, hours=2)
    others = [
        world.ticket("arrived", served=world.ward),
        world.ticket("reopened", served=world.ward),
        world.ticket("cancelled", served=world.ward),
        world.ticket("finished", served=world.ward, reported_at=late),
        world.ticket("finished", served=world.pharmacy),
        world.ticket("finished", source="monitoring"),
    ]
    closed = world.ticket("closed", served=world.ward)
    page = phone(world.nurse_identity).get(path(slip, world.ward)).text
    assert closed.number in page
    assert [ticket.number for ticket in others if ticket.number in page] == []


def test_an_empty_ward_says_thanks(slip: Slip, world: World, phone: Phone) -> None:
    assert "没有待评价的服务" in phone(world.nurse_identity).get(path(slip, world.ward)).text


def test_a_first_visit_shows_the_privacy_notice(slip: Slip, world: World, phone: Phone) -> None:
    slip.forget_privacy(world.nurse_identity)
    page = phone(world.nurse_identity).get(path(slip, world.ward)).text
    assert "使用前请看" in page
    assert f'name="next" value="{path(slip, world.ward)}"' in page


@pytest.mark.parametrize("wrong", ["x", "a" * 22, "%00"])
def test_a_wrong_ward_code_is_not_found(client: FlaskClient, world: World, wrong: str) -> None:
    answer = client.get(f"/w/{wrong}")
    assert {400: "操作没有成功", 404: "没有找到"}[answer.status_code] in answer.text


def test_a_tickets_token_is_no_wards_token(slip: Slip, client: FlaskClient, world: World) -> None:
    token = slip.path(world.ticket("finished", served=world.ward)).removeprefix("/r/")
    assert client.get(f"/w/{token}").status_code == 404


def test_reading_the_list_writes_nothing(slip: Slip, world: World, phone: Phone) -> None:
    world.ticket("finished", served=world.ward)
    before = slip.rows()
    for method in ("get", "head"):
        assert getattr(phone(world.nurse_identity), method)(path(slip, world.ward)).status_code == 200
    assert slip.rows() == before
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def path(slip: Slip, department: Department) -> str:
    return slip.runtime.links.ward_path(department.id)


def both(client: FlaskClient, slip: Slip, world: World, first: Ticket, second: Ticket) -> tuple[bool, bool]:
    page = client.get(path(slip, world.ward)).text
    return first.number in page, second.number in page
