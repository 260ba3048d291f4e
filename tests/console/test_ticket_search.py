"""Finding tickets among very many: by an index, not by sorting; and nobody with the same name left out unsaid."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import Ticket
from app.pagination import newest_first
from app.services.tickets import search
from app.services.tickets.search import TicketFilter
from tests.conftest import Console
from tests.support.plans import plans
from tests.support.world import World


@pytest.mark.parametrize(
    "wanted",
    [
        TicketFilter(),
        TicketFilter(state="finished"),
        TicketFilter(department_id=1),
        TicketFilter(department_id=1, state="finished"),
        TicketFilter(engineer_id=1),
        TicketFilter(engineer_id=1, state="finished"),
        TicketFilter(category_id=1),
    ],
)
def test_the_newest_tickets_are_read_from_an_index_and_never_sorted(sqlite_url: str, wanted: TicketFilter) -> None:
    plan = plan_of(Database(sqlite_url), wanted)
    assert not [step for step in plan if "TEMP B-TREE" in step]
    assert [step for step in plan if step.startswith(("SEARCH ticket", "SCAN ticket USING INDEX"))]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (TicketFilter(engineer_id=1), "ix_ticket_lead_id_reported_at (lead_id=?)"),
        (
            TicketFilter(department_id=1, state="finished"),
            "ix_ticket_department_id_state_reported_at (department_id=? AND state=?)",
        ),
    ],
)
def test_the_index_answers_the_whole_question(sqlite_url: str, wanted: TicketFilter, index: str) -> None:
    assert any(index in step for step in plan_of(Database(sqlite_url), wanted))


def test_how_many_there_are_is_said_up_to_a_limit_and_the_order_turned_round(
    console: Console, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [world.ticket(reported_at=clock.now() - timedelta(days=day)) for day in (3, 2, 1)]
    desk = console(world.desk)

    def shown(query: str) -> list[str]:
        page = desk.get(f"/console/tickets?{query}").text
        return sorted((one.number for one in tickets), key=page.index)

    assert shown("") == [one.number for one in reversed(tickets)]
    assert shown("order=oldest") == [one.number for one in tickets]
    assert "共 3 张" in desk.get("/console/tickets").text
    assert "共 0 张" not in desk.get("/console/tickets?state=closed").text
    monkeypatch.setattr(search, "COUNTED", 2)
    assert "超过 2 张" in desk.get("/console/tickets").text


def test_the_oldest_first_goes_on_where_it_ended(world: World) -> None:
    tickets = [world.ticket(reported_at=clock.now() - timedelta(days=day)) for day in (4, 3, 3, 1)]
    wanted, found, after = TicketFilter(order="oldest"), list[str](), None
    with world.database.reading() as session:
        for _page in range(9):
            query = select(Ticket.id, Ticket.number)
            page = newest_first(session, query, Ticket.reported_at, Ticket.id, after=after, size=1, oldest=True)
            found += [row.number for row in page.rows]
            if (after := page.after) is None:
                break
        assert [row.number for row in search.find(session, wanted).rows] == found
    assert found == [one.number for one in tickets]


def test_a_name_of_very_many_is_said_to_be_too_wide(console: Console, world: World) -> None:
    desk = console(world.desk)
    named = [world.employ(f"3{number:04}", f"王{number:04}") for number in range(search.NAMESAKES + 5)]
    tickets = [world.ticket(served=named[0]), world.ticket(served=named[-1])]
    wide = desk.get("/console/tickets?q=王").text
    assert [ticket.number in wide for ticket in tickets] == [True, False]
    assert f"只查了前 {search.NAMESAKES} 位" in wide
    narrow = desk.get(f"/console/tickets?q={named[-1].name}").text
    assert tickets[1].number in narrow
    assert "只查了前" not in narrow


def test_whoever_has_exactly_the_name_is_looked_for_first(console: Console, world: World) -> None:
    for number in range(search.NAMESAKES + 1):
        world.employ(f"0000{number}", f"张伟{number:04}")
    ticket = world.ticket(served=world.employ("9", "张伟"))
    assert ticket.number in console(world.desk).get("/console/tickets?q=张伟").text


def plan_of(database: Database, wanted: TicketFilter) -> list[str]:
    """How SQLite would go about the list."""
    with database.reading() as session, plans(session) as found:
        search.find(session, wanted)
    database.engine.dispose()
    return found[-1].splitlines()
