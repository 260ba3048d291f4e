"""How a database goes about what it is asked: by which index, and whether it sorts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

# What is said before a statement, and the column of the answer in which a step of the plan stands.
_EXPLAIN = {"sqlite": ("EXPLAIN QUERY PLAN", 3), "postgresql": ("EXPLAIN", 0)}


@contextmanager
def plans(session: Session) -> Iterator[list[str]]:
    """The plan of each statement that is sent meanwhile, a line a step."""
    engine, found = session.get_bind(), list[str]()
    explain, column = _EXPLAIN[engine.dialect.name]

    def listen(_connection: Any, cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        cursor.execute(f"{explain} {statement}", parameters)
        found.append("\n".join(row[column] for row in cursor.fetchall()))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", listen)
