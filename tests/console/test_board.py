"""The live board: what is on it, in which order, for whom; and how a page that is open learns that it changed."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import event, select

from app import clock
from app.db import Database
from app.models import Notice, Ticket
from app.models.ticket import OPEN_STATES
from app.runtime import Runtime
from app.services import feed
from app.services.dashboards import board
from app.services.dashboards.board import BoardFilter, BoardTicket, LiveBoard, Shared
from app.services.tickets import lifecycle
from tests.conftest import Console
from tests.console.conftest import Rate
from tests.support.world import ZONE, World

PAGE = "/console/board"


def load(world: World, wanted: BoardFilter | None = None, *, later: timedelta = timedelta()) -> LiveBoard:
    with world.database.reading() as session:
        return board.load(session, wanted or BoardFilter(), at=clock.now().astimezone(ZONE) + later)


def line(world: World, ticket: Ticket, *, later: timedelta = timedelta()) -> BoardTicket:
    (found,) = [row for row in load(world, later=later).rows if row.ticket.id == ticket.id]
    return found


def change(world: World, ticket: Ticket, **values: object) -> None:
    with world.database.transaction() as session:
        row = session.get_one(Ticket, ticket.id)
        for name, value in values.items():
            setattr(row, name, value)


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
    much, little, none, over = (world.ticket("accepted") for _ in range(4))
    change(world, much, due_at=now + timedelta(hours=5))
    change(world, little, due_at=now + timedelta(minutes=10))
    change(world, none, due_at=None)
    change(world, over, due_at=now - timedelta(minutes=1))
    urged = world.ticket("accepted")
    change(world, urged, due_at=now + timedelta(hours=9))
    urge(world, urged)
    rows = load(world).rows
    assert [row.ticket.id for row in rows] == [over.id, urged.id, little.id, much.id, none.id]
    assert [row.urgency for row in rows] == ["over", "calm", "soon", "calm", "none"]
    newest = load(world, BoardFilter(newest_first=True)).rows
    assert [row.ticket.id for row in newest] == sorted((row.ticket.id for row in rows), reverse=True)


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
    now = clock.now()
    before = load(world)
    kept, late = world.ticket("finished"), world.ticket("finished", reported_at=now - timedelta(minutes=40))
    change(world, late, due_at=now - timedelta(days=2))
    rate(kept, 5, corrected=3)
    after = load(world)
    assert (after.solved - before.solved, after.in_time - before.in_time) == (2, 1)
    with world.database.reading() as session:
        today = board.satisfaction(session, at=now.astimezone(ZONE))
    assert (today.rated, today.satisfied) == (1, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_provider_sees_the_work_and_not_that_anybody_rated(world: World, console: Console, rate: Rate) -> None:
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
            return board.load(session, BoardFilter(), at=clock.now().astimezone(ZONE))

    def crowd(version: int) -> None:
        boards = [Thread(target=shared.get, args=(version, BoardFilter(), look)) for _ in range(200)]
        for one in boards:
            one.start()
        for one in boards:
            one.join()

    first = statements(runtime.database, lambda: crowd(1))
    assert statements(runtime.database, lambda: crowd(1)) == []
    assert len(statements(runtime.database, lambda: crowd(2))) == len(first) <= 8


def test_the_version_follows_the_work(world: World, console: Console, runtime: Runtime) -> None:
    watch = feed.Watch(runtime.database, every=0)
    before = watch.follow()
    world.ticket("reported")
    assert watch.last() == before  # to look changes nothing, so nobody has numbered it
    after = watch.follow()
    assert after > before
    assert (watch.last(), watch.follow()) == (after, after)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_wall_hides_what_is_for_hands(world: World, console: Console) -> None:
    shown = console(world.supervisor).get(f"{PAGE}?wall=1").text
    assert '<body class="wall">' in shown
    assert "data-stays" in shown


def statements(database: Database, act: Callable[[], object]) -> list[str]:
    said: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    act()
    event.remove(database.engine, "before_cursor_execute", listen)
    return [one for one in said if not one.startswith(("BEGIN", "PRAGMA"))]
