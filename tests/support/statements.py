"""The statements an act sends to the database."""

from collections.abc import Callable

from sqlalchemy import event

from app.db import Database


def statements(database: Database, act: Callable[[], object]) -> list[str]:
    said: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    act()
    event.remove(database.engine, "before_cursor_execute", listen)
    return [one for one in said if not one.startswith(("BEGIN", "PRAGMA"))]
