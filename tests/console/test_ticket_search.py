"""Finding tickets among very many: by an index, not by sorting; and nobody with the same name left out unsaid."""

from typing import Any

import pytest
from sqlalchemy import Connection, event

from app.db import Database
from app.services.tickets import search
from app.services.tickets.search import TicketFilter
from tests.conftest import Console
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
    asked: list[tuple[str, Any]] = []

    def listen(_connection: Connection, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    with database.reading() as session:
        search.find(session, wanted)
    event.remove(database.engine, "before_cursor_execute", listen)
    statement, parameters = asked[-1]
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    database.engine.dispose()
    return [row.detail for row in rows]
