"""Seen is what the page itself said by a POST: it settles the notice, stands in the timeline, once a dispatch."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.models import Event, Notice, Ticket
from tests.conftest import Console, Phone
from tests.support.scan_forms import Slip
from tests.support.told import Told
from tests.support.world import World


def test_looking_alone_opens_nothing(told: Told, world: World, phone: Phone) -> None:
    ticket = told.dispatched(1)
    engineer = phone(world.engineer_identity)
    engineer.get("/engineer")
    engineer.get(f"/engineer/{ticket.number}")
    assert opened(world, ticket) == [False]
    assert "opened" not in told.events(ticket)


def test_the_page_says_so_once(told: Told, slip: Slip, world: World, phone: Phone, console: Console) -> None:
    ticket = told.dispatched(1)
    engineer = phone(world.engineer_identity)
    page = engineer.get(f"/engineer/{ticket.number}").text
    form = slip.token_in(page)
    assert "opened.js" in page
    for _ in range(2):
        assert say(engineer, ticket, form).status_code == 204
    assert opened(world, ticket) == [True]
    assert told.events(ticket) == ["reported", "dispatched", "opened"]
    assert "opened.js" not in engineer.get(f"/engineer/{ticket.number}").text
    timeline = console(world.desk).get(f"/console/tickets/{ticket.number}").text
    assert "step-opened" in timeline
    assert "查看" in timeline


def test_the_event_holds_nothing_but_who_and_when(told: Told, slip: Slip, world: World, phone: Phone) -> None:
    ticket = told.dispatched(1)
    engineer = phone(world.engineer_identity)
    say(engineer, ticket, slip.token_in(engineer.get(f"/engineer/{ticket.number}").text))
    with world.database.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "opened")).one()
    assert (event.actor_id, event.channel, event.data, event.state) == (world.engineer.id, "wechat", None, None)


def test_accepting_counts_as_opening(told: Told, world: World) -> None:
    ticket = told.dispatched(1)
    world.move(ticket, "accept")
    assert opened(world, ticket) == [True]
    assert told.events(ticket) == ["reported", "dispatched", "opened", "accepted"]


def test_each_dispatch_is_opened_anew(told: Told, slip: Slip, world: World, phone: Phone) -> None:
    ticket = told.dispatched(1)
    world.move(ticket, "accept")
    world.move(ticket, "dispatch", lead=world.engineer)
    engineer = phone(world.engineer_identity)
    say(engineer, ticket, slip.token_in(engineer.get(f"/engineer/{ticket.number}").text))
    assert told.events(ticket).count("opened") == 2


@pytest.mark.parametrize("data", [{}, {"visit": "made up"}])
def test_without_the_form_of_the_page_nothing_is_opened(
    data: dict[str, str], told: Told, world: World, phone: Phone
) -> None:
    ticket = told.dispatched(1)
    answer = phone(world.engineer_identity).post(f"/engineer/{ticket.number}/opened", data=data)
    assert answer.status_code == 403
    assert opened(world, ticket) == [False]


def test_a_helpers_looking_opens_nothing(told: Told, world: World, phone: Phone) -> None:
    ticket = told.dispatched(1, helpers=(world.second_engineer,))
    helper = phone(world.bind(world.second_engineer))
    page = helper.get(f"/engineer/{ticket.number}").text
    assert "data-opened" not in page  # nothing was told to the helper, so there is nothing to say
    assert opened(world, ticket) == [False]
    assert "opened" not in told.events(ticket)


def test_the_backup_takes_over_with_one_tap(told: Told, slip: Slip, world: World, phone: Phone) -> None:
    ticket = told.dispatched(6)
    backup = phone(world.bind(world.second_engineer))
    assert backup.get(f"/engineer/{ticket.number}").status_code == 404
    told.look()
    assert "等您接手" in backup.get("/engineer").text
    page = backup.get(f"/engineer/{ticket.number}").text
    assert "我来接手" in page
    assert "接单" not in page.partition("进度")[0].replace("我来接手", "")
    for _ in range(2):
        answer = backup.post(f"/engineer/{ticket.number}/take-over", data={"visit": slip.token_in(page)})
        assert (answer.status_code, answer.location) == (303, f"/engineer/{ticket.number}")
    assert told.events(ticket).count("accepted") == 1
    former = phone(world.engineer_identity).get(f"/engineer/{ticket.number}")
    assert former.status_code == 410
    assert "现在由别人处理" in former.text


def test_a_backup_who_comes_too_late_reads_why(told: Told, slip: Slip, world: World, phone: Phone) -> None:
    ticket = told.dispatched(6)
    told.look()
    backup = phone(world.bind(world.second_engineer))
    form = slip.token_in(backup.get(f"/engineer/{ticket.number}").text)
    world.move(ticket, "accept")
    answer = backup.post(f"/engineer/{ticket.number}/take-over", data={"visit": form})
    assert answer.status_code == 409
    assert "不用接手" in answer.text
    assert backup.get(f"/engineer/{ticket.number}").status_code == 410
    assert ticket.number not in backup.get("/engineer").text


def say(client: FlaskClient, ticket: Ticket, form: str) -> TestResponse:
    return client.post(f"/engineer/{ticket.number}/opened", data={"visit": form})


def opened(world: World, ticket: Ticket) -> list[bool]:
    with world.database.reading() as session:
        query = select(Notice.opened_at).where(Notice.ticket_id == ticket.id, Notice.kind == "dispatched")
        return [at is not None for at in session.scalars(query.order_by(Notice.id))]
