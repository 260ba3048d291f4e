"""The live board: what is on it, in which order, for whom; and how a page that is open learns that it changed."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from app import clock
from app.http import session as visit
from app.models import Department, Notice, Ticket
from app.models.ticket import OPEN_STATES
from app.runtime import Runtime
from app.services import feed
from app.services.dashboards import board
from app.services.dashboards.board import BoardFilter, BoardTicket, LiveBoard, Shared
from app.services.service_levels import clock as service_clock
from app.services.tickets import lifecycle, pauses
from tests.conftest import Console, Phone
from tests.console.conftest import Rate
from tests.support.minutes import begin_a_minute
from tests.support.scan_forms import Slip
from tests.support.statements import statements
from tests.support.world import ZONE, World

PAGE = "/console/board"


def load(world: World, wanted: BoardFilter | None = None, *, later: timedelta = timedelta()) -> LiveBoard:
    with world.database.reading() as session:
        return board.load(session, wanted or BoardFilter(), zone=ZONE, at=clock.now() + later)


def line(world: World, ticket: Ticket, *, later: timedelta = timedelta()) -> BoardTicket:
    (found,) = [row for row in load(world, later=later).rows if row.ticket.id == ticket.id]
    return found


def urgent(world: World, state: str, *, reported_at: datetime) -> Ticket:
    """Of a ward: two hours by day and by night."""
    with world.database.transaction() as session:
        session.get_one(Department, world.ward.id).code = "0207"
    ticket = world.ticket(state, reported_at=reported_at, step=timedelta(seconds=1))
    with world.database.transaction() as session:
        session.get_one(Ticket, ticket.id).priority = 1
    return ticket


def urge(world: World, ticket: Ticket) -> None:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        lifecycle.urge(session, held, by=world.nurse.id, at=clock.now(), channel="test")


def test_every_open_ticket_is_on_it_and_nothing_else(world: World) -> None:
    made = {state: world.ticket(state).id for state in (*OPEN_STATES, "finished", "closed", "cancelled")}
    shown = load(world)
    assert {row.ticket.id for row in shown.rows} == {made[state] for state in OPEN_STATES}
    assert dict(shown.states) == dict.fromkeys(OPEN_STATES, 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_alarms_come_first_then_who_has_least_time(world: World) -> None:
    now = clock.now()
    much, little, over, urged = (
        urgent(world, "accepted", reported_at=now - timedelta(minutes=ago)) for ago in (60, 110, 121, 1)
    )
    later = world.ticket("accepted", reported_at=now, step=timedelta())  # one working day
    urge(world, urged)
    rows = load(world).rows
    assert [row.ticket.id for row in rows] == [over.id, urged.id, little.id, much.id, later.id]
    assert [row.urgency for row in rows] == ["over", "calm", "soon", "calm", "calm"]
    assert [row.loud for row in rows] == [True, True, True, True, False]
    newest = load(world, BoardFilter(newest_first=True)).rows
    assert [row.ticket.id for row in newest] == [later.id, urged.id, much.id, little.id, over.id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_left_is_what_the_ticket_s_own_page_says_pauses_and_all(world: World) -> None:
    ticket = urgent(world, "accepted", reported_at=clock.now() - timedelta(minutes=90))
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        now, end = clock.now(), clock.now() + timedelta(days=1)
        pauses.pause(session, held, reason="part", until=end, by=world.desk.id, at=now, zone=ZONE, channel="test")
    at = clock.now() + timedelta(hours=5)
    with world.database.reading() as session:
        (row,) = board.load(session, BoardFilter(), zone=ZONE, at=at).rows
        own = service_clock.of_ticket(session, session.get_one(Ticket, ticket.id), zone=ZONE, at=at)
    assert row.waits_for
    assert row.left == own[0].marks[-1].left
    assert row.urgency == "calm"


def test_an_urge_stands_until_something_is_done(world: World) -> None:
    ticket = world.ticket("dispatched", lead=world.engineer)
    assert line(world, ticket).urged_at is None
    urge(world, ticket)
    assert line(world, ticket).urged_at is not None
    assert line(world, ticket).loud
    world.move(ticket, "accept", at=clock.now() + timedelta(seconds=1))
    assert line(world, ticket).urged_at is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_nobody_was_given_or_nobody_opened_never_leaves_by_age(world: World) -> None:
    waiting = world.ticket("reported", reported_at=clock.now())
    given = world.ticket("dispatched", lead=world.engineer)
    assert not line(world, waiting).unassigned
    month = timedelta(days=30)
    assert line(world, waiting, later=month).unassigned
    assert line(world, given, later=month).unopened is not None
    with world.database.transaction() as session:
        for notice in session.scalars(select(Notice).where(Notice.ticket_id == given.id)):
            notice.opened_at = clock.now()
    assert line(world, given, later=month).unopened is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_can_be_asked_for_one_state_or_one_team(world: World) -> None:
    world.ticket("reported")
    given = world.ticket("accepted", lead=world.engineer)
    assert [row.ticket.id for row in load(world, BoardFilter(state="accepted")).rows] == [given.id]
    team = load(world).rows[0].ticket  # the columns are there for the page
    assert {"department", "place", "category", "team", "lead", "telephone"} <= set(team._fields)
    assert load(world, BoardFilter(team_id=999_999)).rows == []


def test_the_day_in_figures(world: World, rate: Rate) -> None:
    noon = clock.now().astimezone(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    with world.database.reading() as session:
        before = board.load(session, BoardFilter(), zone=ZONE, at=noon)
    kept = urgent(world, "finished", reported_at=noon - timedelta(hours=1))
    late = urgent(world, "accepted", reported_at=noon - timedelta(hours=3))
    world.move(late, "finish", at=noon - timedelta(minutes=1))
    rate(kept, 5, corrected=3)
    with world.database.reading() as session:
        after = board.load(session, BoardFilter(), zone=ZONE, at=noon)
        today = board.satisfaction(session, zone=ZONE, at=clock.now())
    assert (after.solved - before.solved, after.in_time - before.in_time) == (2, 1)
    assert (today.rated, today.satisfied) == (1, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_provider_sees_the_work_and_not_that_anybody_rated(world: World, console: Console, rate: Rate) -> None:
    begin_a_minute()
    desk, supervisor = console(world.desk), console(world.supervisor)
    ticket = world.ticket("finished")
    version = desk.get("/console/changes").json
    rate(ticket, 1)
    assert desk.get("/console/changes").json == version
    assert "今天评价" not in desk.get(PAGE).text
    assert "今天评价" in supervisor.get(PAGE).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_page_that_shows_open_work_keeps_itself_fresh(world: World, console: Console) -> None:
    ticket, desk = world.ticket("accepted"), console(world.desk)
    for page in (PAGE, "/console", "/console/tickets", f"/console/tickets/{ticket.number}"):
        assert 'data-live="' in desk.get(page).text, page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(world: World, console: Console) -> None:
    desk = console(world.desk)

    def seen(headers: dict[str, str]) -> int:
        with desk.session_transaction() as session:
            session["console"] = {**session["console"], "seen": int(clock.now().timestamp()) - 600}
            before: int = session["console"]["seen"]
        desk.get("/console/changes", headers=headers)
        with desk.session_transaction() as session:
            after: int = session["console"]["seen"]
        return after - before

    assert seen({"X-By-Itself": "1"}) == 0
    assert seen({}) >= 600


def test_whoever_asks_within_half_a_second_costs_nothing(runtime: Runtime, world: World) -> None:
    watch = feed.Watch(runtime.database, every=3600)
    asked = statements(runtime.database, lambda: [watch.follow() for _ in range(200)])
    assert 1 <= len(asked) <= 40  # the first look numbers what the hospital's history has
    world.ticket("reported")
    assert statements(runtime.database, lambda: [watch.follow() for _ in range(200)]) == []


def test_two_hundred_boards_are_one_look_at_the_database(runtime: Runtime, world: World) -> None:
    world.ticket("reported")
    shared = Shared()

    def look() -> LiveBoard:
        with runtime.database.reading() as session:
            return board.load(session, BoardFilter(), zone=ZONE, at=clock.now())

    def crowd(version: int) -> None:
        boards = [Thread(target=shared.get, args=(version, BoardFilter(), look)) for _ in range(200)]
        for one in boards:
            one.start()
        for one in boards:
            one.join()

    first = statements(runtime.database, lambda: crowd(1))
    assert statements(runtime.database, lambda: crowd(1)) == []
    assert len(statements(runtime.database, lambda: crowd(2))) == len(first) <= 12


def test_the_version_follows_the_work(world: World, console: Console, runtime: Runtime) -> None:
    watch = feed.Watch(runtime.database, every=0)
    before = watch.follow()
    world.ticket("reported")
    assert watch.last() == before  # to look changes nothing, so nobody has numbered it
    after = watch.follow()
    assert after > before
    assert (watch.last(), watch.follow()) == (after, after)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_board_that_asks_every_second_is_not_asked_each_time_whose_it_is(
    world: World, console: Console, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "KNOWN_SECONDS", 3600)
    monkeypatch.setattr(runtime.watch, "_every", 3600)
    desk = console(world.desk)

    assert desk.get("/console/changes").status_code == 200
    assert statements(runtime.database, lambda: [desk.get("/console/changes") for _ in range(50)]) == []
    assert len(statements(runtime.database, lambda: desk.get("/console/inbox"))) > 1
    with desk.session_transaction() as kept:
        kept["console"] = {**kept["console"], "sign_outs": 7}
    assert desk.get("/console/changes").status_code == 302  # a cookie of before signing out is another one


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_where_nobody_can_number_what_happens_the_pages_are_told(
    world: World, console: Console, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "STALLED_LOOKS", 2)
    monkeypatch.setattr(runtime.watch, "_every", 0)
    desk = console(world.desk)
    before = desk.get("/console/changes").get_json()["version"]
    with world.database.engine.connect() as somebody:
        somebody.execute(select(func.pg_advisory_lock(feed._LOCK)))  # noqa: SLF001 as whoever hangs while numbering
        world.ticket("reported")
        assert [desk.get("/console/changes").status_code for _ in range(3)] == [200, 503, 503]
        assert desk.get(PAGE).status_code == 200
        somebody.execute(select(func.pg_advisory_unlock(feed._LOCK)))  # noqa: SLF001
    assert desk.get("/console/changes").get_json()["version"] != before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_phones_pages_keep_themselves_fresh_too(
    world: World, phone: Phone, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.watch, "_every", 0)
    ticket = world.ticket("dispatched")
    engineer, nurse = phone(world.engineer_identity), phone(world.nurse_identity)
    scan = runtime.links.ticket_path(ticket.id)
    pages = [(engineer, "/engineer", "/engineer/changes"), (engineer, "/engineer/today", "/engineer/changes")]
    pages += [(engineer, f"/engineer/{ticket.number}", "/engineer/changes"), (nurse, scan, f"{scan}/changes")]

    def versions() -> list[str]:
        return [one.get(changes).get_json()["version"] for one, _page, changes in pages]

    begin_a_minute()
    first = versions()
    shown = [one.get(page).text for one, page, _changes in pages]
    for (_one, page, changes), version, text in zip(pages, first, shown, strict=True):
        assert f'data-live="{version}" data-changes="{changes}"' in text, page
    world.move(ticket, "accept")
    assert [before != now for before, now in zip(first, versions(), strict=True)] == [True] * 4


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_phone_asks_about_a_ticket_tells_nothing_of_a_rating(
    world: World, phone: Phone, runtime: Runtime, client: FlaskClient
) -> None:
    ticket, slip = world.ticket("finished"), Slip(runtime)
    begin_a_minute()
    changes = f"{slip.path(ticket)}/changes"
    before = client.get(changes).get_json()
    slip.rate(phone(world.nurse_identity), ticket, 1)
    assert slip.counted(ticket)
    assert client.get(changes).get_json() == before
    assert client.get("/r/aaaaaaaaaaaaaaaaaaaaaa/changes").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("page", [PAGE, "/console", "/console/tickets"])
def test_what_happens_while_a_page_is_read_is_not_taken_for_shown(
    page: str, runtime: Runtime, world: World, console: Console
) -> None:
    desk = console(world.desk)
    happened: list[Ticket] = []

    def meanwhile(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM ticket" in statement and not happened:
            happened.append(world.ticket("reported"))
            runtime.watch.follow()  # somebody else's page asks

    event.listen(runtime.database.engine, "before_cursor_execute", meanwhile)
    shown = desk.get(page).text
    event.remove(runtime.database.engine, "before_cursor_execute", meanwhile)
    assert happened
    assert desk.get("/console/changes").get_json()["version"] not in shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_wall_hides_what_is_for_hands(world: World, console: Console) -> None:
    shown = console(world.supervisor).get(f"{PAGE}?wall=1").text
    assert '<body class="wall">' in shown
    assert "data-stays" in shown
