"""A tap that waited on the phone: taken once, at its own time, with the moment it arrived; too late, explained."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.models import Completion, Event, Notice, Ticket
from tests.support.scan_forms import Slip
from tests.support.world import World

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
JSON = {"Accept": "application/json"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


class Form:
    """Of a ticket's page, opened now and sent later."""

    def __init__(self, engineer: FlaskClient, slip: Slip) -> None:
        self._engineer, self._slip = engineer, slip

    def of(self, ticket: Ticket) -> str:
        return self._slip.token_in(self._engineer.get(f"/engineer/{ticket.number}").text)

    def send(self, ticket: Ticket, act: str, visit: str, *, ago: timedelta, key: str = KEY) -> TestResponse:
        told = {"visit": visit, "key": key, "ago": str(round(ago.total_seconds()))}
        return self._engineer.post(f"/engineer/{ticket.number}/{act}", data=told, headers=JSON)


@pytest.fixture
def form(engineer: FlaskClient, slip: Slip) -> Form:
    return Form(engineer, slip)


def events(world: World, ticket: Ticket, kind: str) -> list[Event]:
    with world.database.reading() as session:
        return list(session.scalars(select(Event).where(Event.ticket_id == ticket.id, Event.kind == kind)))


def test_it_counts_when_it_was_tapped_and_says_when_it_arrived(world: World, form: Form) -> None:
    ticket = world.ticket("accepted")
    visit, ago = form.of(ticket), timedelta(minutes=25)
    assert form.send(ticket, "finish", visit, ago=ago).get_json() == {"next": f"/engineer/{ticket.number}/code"}
    [event] = events(world, ticket, "finished")
    assert abs(event.recorded_at - event.at - ago) < timedelta(seconds=2)
    with world.database.reading() as session:
        assert session.scalars(select(Completion.finished_at)).one() == event.at
        assert session.scalars(select(Notice.created_at).where(Notice.kind == "finished")).one() == event.recorded_at


def test_sent_again_it_is_done_once_whatever_became_of_the_ticket(world: World, form: Form) -> None:
    ticket = world.ticket("dispatched")
    visit = form.of(ticket)
    assert form.send(ticket, "accept", visit, ago=timedelta(minutes=3)).status_code == 200
    world.move(ticket, "dispatch", lead=world.engineer)
    assert form.send(ticket, "accept", visit, ago=timedelta(minutes=9)).status_code == 200
    assert len(events(world, ticket, "accepted")) == 1


def test_a_key_is_for_one_tap(world: World, form: Form) -> None:
    ticket, other = world.ticket("dispatched"), world.ticket("dispatched")
    form.send(ticket, "accept", form.of(ticket), ago=timedelta())
    assert form.send(other, "accept", form.of(other), ago=timedelta()).status_code == 422
    assert form.send(other, "accept", form.of(other), ago=timedelta(), key="short").status_code == 400
    assert events(world, other, "accepted") == []


def test_after_a_new_dispatch_it_is_refused_and_says_who_has_the_ticket(world: World, form: Form) -> None:
    ticket = world.ticket("dispatched")
    visit = form.of(ticket)
    world.move(ticket, "dispatch", lead=world.second_engineer)
    late = form.send(ticket, "accept", visit, ago=timedelta(minutes=4))
    assert late.status_code == 403
    told = late.get_json()["text"]
    assert "没有派给您" in told
    assert "孙磊" in told
    assert events(world, ticket, "accepted") == []


def test_it_is_never_before_what_its_ticket_showed_and_never_absurd(world: World, form: Form) -> None:
    ticket = world.ticket("dispatched", reported_at=clock.now() - timedelta(minutes=10))
    visit = form.of(ticket)
    for ago in (timedelta(days=4), timedelta(days=400)):
        assert form.send(ticket, "accept", visit, ago=ago, key=f"key-{ago.days:05}").status_code == 422
    assert form.send(ticket, "accept", visit, ago=timedelta(hours=1)).status_code == 200
    [given], [taken] = events(world, ticket, "dispatched"), events(world, ticket, "accepted")
    assert taken.at == given.at


def test_one_page_holds_what_is_open_with_its_steps(world: World, engineer: FlaskClient) -> None:
    given, here, done = (world.ticket(state) for state in ("dispatched", "arrived", "finished"))
    page = engineer.get("/engineer/today").text
    for act in ("accept", "arrive", "finish"):
        assert f'action="/engineer/{given.number}/{act}"' in page
    assert f'action="/engineer/{here.number}/finish"' in page
    assert done.number not in page
    assert "data-tap=" in page
