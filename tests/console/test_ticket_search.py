"""Finding tickets among very many: by an index, not by sorting; and nobody with the same name left out unsaid."""

from typing import Any

import pytest
from sqlalchemy import Connection, event

from app.db import Database
from app.services import ticket_list
from app.services.ticket_list import TicketFilter


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


def plan_of(database: Database, wanted: TicketFilter) -> list[str]:
    """How SQLite would go about the list."""
    asked: list[tuple[str, Any]] = []

    def listen(_connection: Connection, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    with database.reading() as session:
        ticket_list.find(session, wanted)
    event.remove(database.engine, "before_cursor_execute", listen)
    statement, parameters = asked[-1]
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    database.engine.dispose()
    return [row.detail for row in rows]
