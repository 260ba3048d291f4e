"""Finding tickets, opening one, and giving it to an engineer."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from app import clock, pagination
from app.db import Database
from app.models import Event, Notice, Ticket, TicketHelper
from app.runtime import Runtime
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World

ENDS = [("finished", "close", "closed"), ("accepted", "cancel", "cancelled")]


@pytest.mark.parametrize(
    "asked",
    [
        "state=finished",
        "engineer={engineer}&state=finished",
        "department={ward}&state=finished",
        "category={network}",
        "q=%E7%8E%8B%E4%B8%BD&state=finished",
    ],
)
def test_a_filter_shows_what_was_asked_for_and_nothing_else(asked: str, desk: FlaskClient, world: World) -> None:
    wanted = world.ticket("finished", category=world.network)
    others = [
        world.ticket("dispatched", served=world.doctor, lead=world.second_engineer),
        world.ticket("reported", served=world.doctor),
    ]
    ids = {"engineer": world.engineer.id, "ward": world.ward.id, "network": world.network.id}
    shown = desk.get(f"/console/tickets?{asked.format(**ids)}").text
    assert wanted.number in shown
    assert not [ticket.number for ticket in others if ticket.number in shown]


def test_open_means_that_somebody_still_waits(desk: FlaskClient, world: World) -> None:
    states = ("reported", "dispatched", "accepted", "arrived", "reopened", "finished", "closed", "cancelled")
    tickets = {state: world.ticket(state).number for state in states}
    shown = desk.get("/console/tickets?state=open").text
    assert {state for state, number in tickets.items() if number in shown} == set(states[:5])


def test_days_are_the_hospitals_days(desk: FlaskClient, world: World) -> None:
    before = world.ticket(reported_at=datetime(2026, 3, 1, 15, 59, tzinfo=UTC)).number  # 23:59 in Shanghai
    first = world.ticket(reported_at=datetime(2026, 3, 1, 16, 0, tzinfo=UTC)).number
    last = world.ticket(reported_at=datetime(2026, 3, 2, 15, 59, tzinfo=UTC)).number
    after = world.ticket(reported_at=datetime(2026, 3, 2, 16, 0, tzinfo=UTC)).number
    shown = desk.get("/console/tickets?from=2026-03-02&to=2026-03-02").text
    assert [number in shown for number in (before, first, last, after)] == [False, True, True, False]


def test_a_number_leads_straight_to_its_ticket(desk: FlaskClient, world: World) -> None:
    ticket = world.ticket()
    assert desk.get(f"/console/tickets?q={ticket.number}").location == f"/console/tickets/{ticket.number}"


def test_pages_follow_each_other_without_gap_or_repeat(
    desk: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now() - timedelta(hours=1)
    numbers = [world.ticket(reported_at=at + timedelta(minutes=minute // 2)).number for minute in range(7)]
    monkeypatch.setattr(pagination.newest_first, "__kwdefaults__", {"size": 3, "oldest": False})
    seen: list[str] = []
    address: str | None = "/console/tickets"
    while address:
        shown = desk.get(address).text
        seen += [number for number in reversed(numbers) if f"/console/tickets/{number}" in shown]
        address = next_page(shown)
    assert seen == list(reversed(numbers))


@pytest.mark.parametrize(
    "asked",
    [
        "state=gone",
        "department=x",
        "engineer=-1",
        "from=yesterday",
        "to=0001-01-01",
        "after=1e9",
        "category=" + "9" * 40,
    ],
)
def test_a_filter_nobody_can_read_is_refused_politely(asked: str, desk: FlaskClient) -> None:
    assert desk.get(f"/console/tickets?{asked}").status_code == 400


@pytest.mark.parametrize("asked", ["q=%25_%5C", "q=" + "x" * 5000, "after=999999", "department=999999999999999999"])
def test_strange_questions_find_nothing_and_break_nothing(asked: str, desk: FlaskClient, world: World) -> None:
    world.ticket()
    assert desk.get(f"/console/tickets?{asked}").status_code == 200


def test_the_list_costs_the_same_number_of_queries_however_long(
    desk: FlaskClient, world: World, runtime: Runtime
) -> None:
    world.ticket("accepted")
    few = queries(runtime, desk, "/console/tickets")
    for _ in range(5):
        world.ticket("accepted", served=world.doctor, lead=world.second_engineer)
    assert queries(runtime, desk, "/console/tickets") == few


def test_dispatch_moves_the_ticket_and_writes_the_notice_with_it(
    desk: FlaskClient, world: World, database: Database
) -> None:
    page = f"/console/tickets/{world.ticket().number}"
    to, helper = str(world.engineer.id), str(world.second_engineer.id)
    assert send(desk, page, f"{page}/dispatch", lead=to, helpers=[helper, to]).status_code == 303
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        notice = session.scalars(select(Notice)).one()
        last = session.get_one(Event, notice.event_id)
        assert session.scalars(select(TicketHelper.person_id)).all() == [world.second_engineer.id]
    assert (ticket.state, ticket.lead_id, ticket.team_id) == ("dispatched", world.engineer.id, world.team.id)
    assert (notice.kind, notice.person_id, notice.state) == ("dispatched", world.engineer.id, "waiting")
    assert (last.kind, last.actor_id, last.channel) == ("dispatched", world.desk.id, "console")
    assert world.engineer.name in desk.get(page).text


def test_the_second_tap_dispatches_nothing(desk: FlaskClient, world: World, database: Database) -> None:
    ticket = world.ticket()
    page = f"/console/tickets/{ticket.number}"
    form = {"lead": str(world.engineer.id), "seen": ticket.updated_at.isoformat()}
    for _ in range(2):
        send(desk, page, f"{page}/dispatch", **form)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 1
    assert "工单刚刚有变化" in desk.get(page).text


@pytest.mark.parametrize("lead", ["", "x", "999999", "9" * 30, "{nurse}"])
def test_only_an_engineer_can_be_given_a_ticket(lead: str, desk: FlaskClient, world: World) -> None:
    page = f"/console/tickets/{world.ticket().number}"
    assert send(desk, page, f"{page}/dispatch", lead=lead.format(nurse=world.nurse.id)).status_code == 400
    assert "还没有派单" in desk.get(page).text


def test_the_form_says_who_is_busy(desk: FlaskClient, world: World) -> None:
    world.ticket("accepted", lead=world.engineer)
    world.ticket("finished", lead=world.second_engineer)
    shown = desk.get(f"/console/tickets/{world.ticket().number}").text
    assert f"{world.engineer.name} · 在手 1 单" in shown
    assert f"{world.second_engineer.name} · 在手 0 单" in shown


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("reported", {"dispatch", "cancel"}),
        ("dispatched", {"dispatch", "cancel"}),
        ("accepted", {"dispatch"}),
        ("finished", {"close"}),
        ("closed", set()),
        ("reopened", {"dispatch"}),
        ("cancelled", set()),
    ],
)
def test_a_page_offers_what_the_state_allows(
    state: str, verbs: set[str], desk: FlaskClient, world: World, console: Console
) -> None:
    page = f"/console/tickets/{world.ticket(state).number}"
    assert {verb for verb in ("dispatch", "close", "cancel") if offers(desk, page, f"{page}/{verb}")} == verbs
    auditor = console(world.auditor)
    assert not [verb for verb in ("dispatch", "close", "cancel") if offers(auditor, page, f"{page}/{verb}")]


@pytest.mark.parametrize(
    ("before", "verb", "after"), [("finished", "close", "closed"), ("dispatched", "cancel", "cancelled")]
)
def test_the_desk_closes_and_cancels(
    before: str, verb: str, after: str, desk: FlaskClient, world: World, database: Database
) -> None:
    ticket = world.ticket(before)
    page = f"/console/tickets/{ticket.number}"
    assert send(desk, page, f"{page}/{verb}", reason="报重了").status_code == 303
    with database.reading() as session:
        assert session.get_one(Ticket, ticket.id).state == after


def test_the_timeline_names_who_did_what_in_the_hospitals_time(desk: FlaskClient, world: World) -> None:
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    ticket = world.ticket("accepted", reported_at=at, helpers=(world.second_engineer,))
    shown = desk.get(f"/console/tickets/{ticket.number}").text
    assert "2026-03-02 07:30" in shown
    assert f"→ {world.engineer.name}" in shown
    assert world.desk.name in shown
    assert world.second_engineer.name in shown


def test_the_code_is_the_tickets_address(desk: FlaskClient, world: World, runtime: Runtime) -> None:
    ticket = world.ticket()
    page = f"/console/tickets/{ticket.number}"
    assert runtime.links.ticket_url(ticket.id) in desk.get(page).text
    assert desk.get(f"{page}/code.svg").mimetype == "image/svg+xml"


@pytest.mark.parametrize("address", ["20200101-0001", "..", "x" * 300])
def test_a_number_nobody_gave_is_not_found(address: str, desk: FlaskClient) -> None:
    assert desk.get(f"/console/tickets/{address}").status_code == 404


def next_page(shown: str) -> str | None:
    found = re.search(r'<a href="([^"]+)" rel="next">', shown)
    return html.unescape(found.group(1)) if found else None


def queries(runtime: Runtime, client: FlaskClient, address: str) -> int:
    """How many statements one page costs."""
    said: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        # How far the feed has come is looked up twice a second, whoever asks.
        if "feed_entry" not in statement and statement != "BEGIN":
            said.append(statement)

    event.listen(runtime.database.engine, "before_cursor_execute", listen)
    assert client.get(address).status_code == 200
    event.remove(runtime.database.engine, "before_cursor_execute", listen)
    return len(said)


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
