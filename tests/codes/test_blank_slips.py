"""A blank slip is given to one ticket, once and for good; until then its code opens the report page."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from app.errors import Missing, Refused
from app.models import Event, SlipLink, Ticket
from app.runtime import Runtime
from app.services.codes import slip_pads
from app.services.tickets import lifecycle
from app.services.tickets.scan import WINDOW
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.told import Told
from tests.support.world import World


def test_numbers_are_never_reserved_twice(world: World) -> None:
    pads = []
    for count in (3, 1, 200):
        with world.database.transaction() as session:
            pad = slip_pads.reserve(session, count, by=world.desk.id, at=clock.now())
            pads.append((pad.first, pad.count))
    assert pads == [(1, 3), (4, 1), (5, 200)]


@pytest.mark.parametrize("number", [0, 3, 4, 999_999_999])
def test_a_number_of_no_pad_is_unknown_however_well_it_is_signed(
    slip: Slip, world: World, client: FlaskClient, number: int
) -> None:
    reserve(world, 2)
    assert client.get(slip.runtime.links.slip_path(number)).status_code == 404
    with world.database.transaction() as session, pytest.raises(Missing):
        link(session, number, world.ticket("finished"), world)


def test_a_forged_code_or_one_of_another_kind_is_unknown(slip: Slip, world: World, client: FlaskClient) -> None:
    reserve(world)
    ticket = world.ticket("finished")
    for token in ("A" * 22, slip.path(ticket).removeprefix("/r/"), "x"):
        assert client.get(f"/s/{token}").status_code == 404


def test_the_engineer_gives_it_to_his_ticket_and_then_it_is_the_tickets_code(
    slip: Slip, world: World, phone: Phone, client: FlaskClient
) -> None:
    reserve(world)
    ticket, path = world.ticket("finished"), slip.runtime.links.slip_path(1)
    engineer = phone(world.engineer_identity)
    page = engineer.get(path).text
    assert "B-000001" in page
    assert ticket.number in page
    assert links(world) == []
    answer = give(engineer, slip, path, ticket.number)
    assert answer.headers["Location"] == f"/engineer/{ticket.number}"
    assert links(world) == [(1, ticket.id, world.engineer.id)]
    for anybody in (client, phone(world.nurse_identity), engineer):
        scanned = anybody.get(path)
        assert (scanned.status_code, scanned.headers["Location"]) == (302, slip.path(ticket))
        assert scanned.headers["Cache-Control"] == "no-store"


def test_it_never_moves_to_another_ticket(slip: Slip, world: World, phone: Phone) -> None:
    reserve(world)
    first, second = world.ticket("finished"), world.ticket("finished")
    path, engineer = slip.runtime.links.slip_path(1), phone(world.engineer_identity)
    form = slip.token_in(engineer.get(path).text)
    assert give(engineer, slip, path, first.number, form).status_code == 303
    assert give(engineer, slip, path, first.number, form).status_code == 303  # the second tap
    refused = give(engineer, slip, path, second.number, form)
    assert refused.status_code == 409
    assert "B-000001 已连到另一张工单" in refused.text
    assert links(world) == [(1, first.id, world.engineer.id)]
    with world.database.reading() as session:
        events = session.scalars(select(Event).where(Event.kind == "slip_linked")).all()
    assert [(event.ticket_id, event.data) for event in events] == [(first.id, {"slip": 1})]


def test_a_ticket_may_have_several(world: World) -> None:
    reserve(world)
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        for number in (2, 1):
            link(session, number, ticket, world)
    with world.database.reading() as session:
        assert slip_pads.of_ticket(session, ticket.id) == [1, 2]


def test_only_his_own_tickets_are_offered_and_taken(slip: Slip, world: World, phone: Phone) -> None:
    reserve(world)
    others = world.ticket("finished", lead=world.second_engineer)
    path, engineer = slip.runtime.links.slip_path(1), phone(world.engineer_identity)
    world.ticket("accepted")
    page = engineer.get(path).text
    assert others.number not in page
    assert give(engineer, slip, path, others.number).status_code == 404
    assert give(engineer, slip, path, "").status_code == 404
    assert links(world) == []


def test_a_ticket_he_may_take_over_is_not_his_yet(slip: Slip, world: World, phone: Phone, runtime: Runtime) -> None:
    reserve(world)
    told = Told(runtime, world)
    ticket = told.dispatched(6)
    told.look()
    world.ticket("accepted", lead=world.second_engineer)
    path, backup = slip.runtime.links.slip_path(1), phone(world.bind(world.second_engineer))
    answer = give(backup, slip, path, ticket.number)
    assert (answer.status_code, "先接手" in answer.text) == (409, True)
    assert links(world) == []


def test_nobody_else_links_and_a_form_is_of_one_slip(slip: Slip, world: World, phone: Phone) -> None:
    reserve(world)
    ticket, engineer = world.ticket("finished"), phone(world.engineer_identity)
    one, other = slip.runtime.links.slip_path(1), slip.runtime.links.slip_path(2)
    form = slip.token_in(engineer.get(one).text)
    assert give(engineer, slip, other, ticket.number, form).status_code == 403
    assert give(phone(world.nurse_identity), slip, one, ticket.number, form).status_code == 403
    assert engineer.get("/s/" + "A" * 22).status_code == 404
    assert links(world) == []


def test_a_cancelled_ticket_takes_no_slip(world: World) -> None:
    reserve(world)
    ticket = world.ticket("cancelled")
    with world.database.transaction() as session, pytest.raises(Refused, match="cancelled"):
        link(session, 1, ticket, world)


@pytest.mark.parametrize(
    ("source", "days", "status", "why"),
    [("monitoring", 0, 409, "没有服务对象"), ("wechat", 15, 410, "评价时间已过"), ("wechat", 13, 303, "")],
)
def test_a_ticket_nobody_can_rate_is_not_offered_and_takes_none(
    slip: Slip, world: World, phone: Phone, source: str, days: int, status: int, why: str
) -> None:
    reserve(world)
    ticket = world.ticket("finished", source=source, reported_at=clock.now() - timedelta(days=days, hours=2))
    path, engineer = slip.runtime.links.slip_path(1), phone(world.engineer_identity)
    world.ticket("accepted")
    form = slip.token_in(engineer.get(path).text)
    assert (ticket.number in engineer.get(path).text) is (status == 303)
    answer = give(engineer, slip, path, ticket.number, form)
    assert answer.status_code == status
    assert why in answer.text
    assert len(links(world)) == (status == 303)


def test_what_was_linked_stays_linked_when_its_window_is_over(world: World) -> None:
    reserve(world)
    ticket = world.ticket("finished")
    for later in (timedelta(), timedelta(days=30)):
        with world.database.transaction() as session:
            held, at = lifecycle.locked(session, ticket_id=ticket.id), clock.now() + later
            slip_pads.link(session, 1, held, window=WINDOW, by=world.engineer.id, at=at, channel="test")
    assert len(links(world)) == 1


def test_what_he_finished_last_stands_first_however_old_the_ticket_and_also_where_he_helped(
    slip: Slip, world: World, phone: Phone
) -> None:
    reserve(world)
    now, other = clock.now(), world.second_engineer
    old = world.ticket("accepted", reported_at=now - timedelta(days=5))
    helped_long_ago = world.ticket("accepted", lead=other, helpers=(world.engineer,), reported_at=now)
    newer = [world.ticket("finished", reported_at=now - timedelta(days=2)) for _ in range(21)]
    helped = world.ticket("finished", lead=other, helpers=(world.engineer,))
    world.move(helped_long_ago, "finish", at=now - timedelta(days=3))
    world.move(old, "finish", at=now)
    page = phone(world.engineer_identity).get(slip.runtime.links.slip_path(1)).text
    offered = re.findall(r'name="ticket" value="([^"]+)"', page)
    assert offered == [old.number, helped.number, *(ticket.number for ticket in newer[:-4:-1])]
    assert helped_long_ago.number not in page
    answer = give(phone(world.engineer_identity), slip, slip.runtime.links.slip_path(1), helped.number)
    assert answer.status_code == 303


def test_unlinked_it_opens_the_report_page_with_a_word(slip: Slip, world: World, phone: Phone) -> None:
    reserve(world)
    nurse = phone(world.nurse_identity)
    sent_on = nurse.get(slip.runtime.links.slip_path(1))
    assert sent_on.status_code == 302
    page = nurse.get(sent_on.headers["Location"])
    assert "这张单子还没有连到工单" in page.text
    assert 'action="/report"' in page.text
    assert "这张单子" not in nurse.get("/report").text


def test_the_engineer_without_tickets_is_told_so(slip: Slip, world: World, phone: Phone) -> None:
    reserve(world)
    world.ticket("finished", lead=world.second_engineer, reported_at=clock.now() - timedelta(days=1))
    assert "您还没有工单可以连" in phone(world.engineer_identity).get(slip.runtime.links.slip_path(1)).text


@pytest.mark.parametrize(
    ("typed", "number"),
    [("B-000123", 123), (" b000123 ", 123), ("123", 123), ("B-", None), ("B-1x", None), ("１", None), ("-5", 5)],
)
def test_a_number_is_read_as_people_type_it(typed: str, number: int | None) -> None:
    assert slip_pads.read_name(typed) == number


def reserve(world: World, count: int = 2) -> None:
    with world.database.transaction() as session:
        slip_pads.reserve(session, count, by=None, at=clock.now())


def link(session: Session, number: int, ticket: Ticket, world: World) -> None:
    held = lifecycle.locked(session, ticket_id=ticket.id)
    slip_pads.link(session, number, held, window=WINDOW, by=world.engineer.id, at=clock.now(), channel="test")


def give(visitor: FlaskClient, slip: Slip, path: str, number: str, form: str = "") -> TestResponse:
    form = form or slip.token_in(visitor.get(path).text)
    return visitor.post(path, data={"visit": form, "ticket": number})


def links(world: World) -> list[tuple[int, int, int]]:
    with world.database.reading() as session:
        rows = session.execute(select(SlipLink.number, SlipLink.ticket_id, SlipLink.by_id).order_by(SlipLink.number))
        return [tuple(row) for row in rows]  # type: ignore[misc]
