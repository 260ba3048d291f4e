"""The code held out: shown and opened are on record, once, at the time they happened; whether it was rated, never."""

import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.models import Event, Ticket
from tests.conftest import Console, Phone
from tests.support.scan_forms import Slip
from tests.support.world import World


def test_that_it_was_shown_is_recorded_once_and_by_no_get(slip: Slip, world: World, phone: Phone) -> None:
    ticket, engineer = world.ticket("finished"), phone(world.engineer_identity)
    page = engineer.get(f"/engineer/{ticket.number}/code").text
    assert events(world, ticket) == []
    assert hidden(page) == {"shown", "opened", "waiting"}
    for _ in range(2):
        assert show(engineer, slip, ticket).status_code == 204
    assert [(kind, by) for kind, _at, by in events(world, ticket)] == [("shown", world.engineer.id)]
    assert hidden(engineer.get(f"/engineer/{ticket.number}/code").text) == {"opened", "waiting"}


def test_what_a_phone_without_network_tells_later_has_the_time_of_the_showing(
    slip: Slip, world: World, phone: Phone
) -> None:
    ticket = world.ticket("finished", reported_at=clock.now() - timedelta(hours=5))
    assert show(phone(world.engineer_identity), slip, ticket, ago=3600).status_code == 204
    ((_kind, at, _by),) = events(world, ticket)
    assert abs(clock.now() - timedelta(hours=1) - at) < timedelta(seconds=20)


@pytest.mark.parametrize("ago", [3600, -60, 3 * 86400 + 60, 9999999, "", "x", "1e3"])
def test_an_absurd_time_is_refused(slip: Slip, world: World, phone: Phone, ago: object) -> None:
    at = clock.now() - (timedelta(days=5) if ago == 3 * 86400 + 60 else timedelta(minutes=40))
    ticket = world.ticket("finished", reported_at=at)
    assert show(phone(world.engineer_identity), slip, ticket, ago=ago).status_code == 422
    assert events(world, ticket) == []


def test_who_did_not_do_the_work_has_not_shown_it(slip: Slip, world: World, phone: Phone) -> None:
    ticket, open_one = world.ticket("finished"), world.ticket("arrived")
    other = phone(world.bind(world.second_engineer))
    assert show(other, slip, ticket).status_code == 404
    engineer = phone(world.engineer_identity)
    assert show(engineer, slip, open_one).status_code == 404
    assert show(engineer, slip, ticket, cycle=2).status_code == 404
    assert engineer.post(f"/engineer/{ticket.number}/shown", data={"cycle": 1, "ago": 0}).status_code == 403
    assert events(world, ticket) == events(world, open_one) == []


def test_a_helper_may_hold_it_out(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished", helpers=(world.second_engineer,))
    assert show(phone(world.bind(world.second_engineer)), slip, ticket).status_code == 204
    assert [by for _kind, _at, by in events(world, ticket)] == [world.second_engineer.id]


def test_the_engineer_is_told_when_the_user_has_opened_it(slip: Slip, world: World, phone: Phone) -> None:
    ticket, engineer, nurse = world.ticket("finished"), phone(world.engineer_identity), phone(world.nurse_identity)
    ask = f"/engineer/{ticket.number}/code/opened"
    nurse.get(slip.path(ticket))
    assert (engineer.get(ask).status_code, events(world, ticket)) == (204, [])
    for _ in range(2):
        assert look(nurse, slip, ticket).status_code == 204
    assert events(world, ticket)[0][::2] == ("code_opened", None)
    assert len(events(world, ticket)) == 1
    assert engineer.get(ask).status_code == 200
    assert "opened" not in hidden(engineer.get(f"/engineer/{ticket.number}/code").text)


def test_neither_answer_nor_record_tells_a_rated_ticket_from_another(slip: Slip, world: World, phone: Phone) -> None:
    seen = []
    for rates in (False, True):
        ticket, engineer = world.ticket("finished"), phone(world.engineer_identity)
        nurse = phone(world.nurse_identity)
        if rates:
            slip.rate(nurse, ticket, 5)
        before = engineer.get(f"/engineer/{ticket.number}/code/opened")
        look(nurse, slip, ticket)
        after = engineer.get(f"/engineer/{ticket.number}/code/opened")
        headers = [sorted((k, v) for k, v in answer.headers if k != "Date") for answer in (before, after)]
        record = [(kind, by) for kind, _at, by in events(world, ticket)]
        seen.append(([before.status_code, after.status_code], [before.data, after.data], headers, record))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("who", ["engineer_identity", "doctor"])
def test_who_may_not_rate_has_not_opened_it(slip: Slip, world: World, phone: Phone, who: str) -> None:
    ticket = world.ticket("finished")
    visitor = phone(world.bind(world.doctor) if who == "doctor" else world.engineer_identity)
    form = slip.forged_form(visitor, ticket)
    assert visitor.post(slip.path(ticket) + "/opened", data={"visit": form}).status_code == 204
    assert events(world, ticket) == []


def test_opened_needs_the_form_of_this_visit(slip: Slip, world: World, phone: Phone, client: FlaskClient) -> None:
    ticket = world.ticket("finished")
    for visitor in (phone(world.nurse_identity), client):
        assert visitor.post(slip.path(ticket) + "/opened", data={"visit": "x"}).status_code == 403
    assert events(world, ticket) == []


def test_each_completion_is_shown_for_itself(slip: Slip, world: World, phone: Phone) -> None:
    ticket, engineer = world.ticket("finished"), phone(world.engineer_identity)
    show(engineer, slip, ticket)
    for verb in ("reopen", "accept", "finish"):
        world.move(ticket, verb)
    assert hidden(engineer.get(f"/engineer/{ticket.number}/code").text) == {"shown", "opened", "waiting"}
    assert show(engineer, slip, ticket, cycle=2).status_code == 204
    assert [kind for kind, _at, _by in events(world, ticket)] == ["shown", "shown"]


def test_both_stand_in_the_tickets_timeline_for_the_desk_too(
    slip: Slip, world: World, phone: Phone, console: Console
) -> None:
    ticket = world.ticket("finished")
    show(phone(world.engineer_identity), slip, ticket)
    look(phone(world.nurse_identity), slip, ticket)
    for reader in (world.desk, world.supervisor):
        page = console(reader).get(f"/console/tickets/{ticket.number}").text
        assert "出示评价码" in page
        assert re.findall(r"<b>用户打开评价页</b>\s*<small>\s*扫码", page)


def show(engineer: FlaskClient, slip: Slip, ticket: Ticket, *, cycle: int = 1, ago: object = 0) -> TestResponse:
    form = slip.token_in(engineer.get("/engineer").text)
    return engineer.post(f"/engineer/{ticket.number}/shown", data={"visit": form, "cycle": cycle, "ago": ago})


def look(visitor: FlaskClient, slip: Slip, ticket: Ticket) -> TestResponse:
    return visitor.post(slip.path(ticket) + "/opened", data={"visit": slip.form(visitor, ticket)})


def hidden(page: str) -> set[str]:
    return set(re.findall(r'data-said="(\w+)" hidden', page))


def events(world: World, ticket: Ticket) -> list[tuple[str, datetime, int | None]]:
    with world.database.reading() as session:
        query = select(Event.kind, Event.at, Event.actor_id).where(Event.ticket_id == ticket.id)
        rows = session.execute(query.where(Event.kind.in_(("shown", "code_opened"))).order_by(Event.id))
        return [(row.kind, row.at, row.actor_id) for row in rows]
