"""Rows gathered in memory and written at once: thousands of single inserts would keep a newcomer waiting."""

from collections import defaultdict
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.db import Base
from app.models import Event
from app.services import events

Row = dict[str, Any]


class Rows:
    """Gathers the rows of an empty database; ids begin at 1."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = defaultdict(list)

    def add(self, model: type[Base], **values: Any) -> int:
        """The new row's id."""
        return int(self.draft(model, **values)["id"])

    def draft(self, model: type[Base], **values: Any) -> Row:
        """A row that may still be changed until all is written."""
        rows = self._rows[model.__tablename__]
        row = {"id": len(rows) + 1, **values} if "id" in model.__table__.c else values
        rows.append(row)
        return row

    def put_in_order(self, model: type[Base], by: str, *referring: tuple[type[Base], str]) -> None:
        """Give ids in the order of time, as if the rows had been written when they happened."""
        rows = self._rows[model.__tablename__]
        rows.sort(key=lambda row: row[by])
        new = {row["id"]: number for number, row in enumerate(rows, start=1)}
        for row in rows:
            row["id"] = new[row["id"]]
        for other, column in referring:
            for row in self._rows[other.__tablename__]:
                row[column] = new[row[column]]

    def write(self, session: Session) -> None:
        for table in Base.metadata.sorted_tables:
            rows = self._rows.get(table.name)
            if not rows:
                continue
            if table is Event.__table__:
                events.append_all(session, rows)
            else:
                session.execute(insert(table), rows)
            if "id" in table.c and session.get_bind().dialect.name == "postgresql":
                sequence = func.pg_get_serial_sequence(table.name, "id")
                session.execute(select(func.setval(sequence, len(rows))))
