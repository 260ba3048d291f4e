"""Long lists, a page at a time, newest first: continued after a moment, never counted, never skipped over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

Line: TypeAlias = Row[*tuple[Any, ...]]
Query: TypeAlias = Select[*tuple[Any, ...]]
SIZE = 50
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FORM = re.compile(r"([0-9]{1,17})(?:-([0-9]{1,6}))?")  # more is after the last year there is


@dataclass(frozen=True)
class Cursor:
    """Where a list goes on: at this moment, after so many rows of it.

    No id stands in an address, for ids count what the reader may not see; nor is a row looked up, which would tell
    of one that is hidden from them.
    """

    at: datetime
    passed: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _TICK}-{self.passed}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """None for what was never one."""
        found = _FORM.fullmatch(text)
        return cls(_EPOCH + int(found[1]) * _TICK, int(found[2] or 0)) if found else None


@dataclass(frozen=True)
class Page:
    """Some rows; `after` continues the list and is None at its end."""

    rows: Sequence[Line]
    after: Cursor | None


def newest_first(
    session: Session,
    query: Query,
    at: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[int],
    *,
    after: Cursor | None,
    size: int = SIZE,
    oldest: bool = False,
) -> Page:
    """The page of `query` that follows, by the moment `at` and then `key`; `oldest` turns the order round."""
    order = (at, key) if oldest else (at.desc(), key.desc())
    query = query.add_columns(at.label("page_at")).order_by(*order)
    if after is not None:
        query = query.where(at >= after.at if oldest else at <= after.at).offset(after.passed)
    rows = session.execute(query.limit(size + 1)).all()
    return Page(rows[:size], _end(rows[:size], after) if len(rows) > size else None)


def _end(rows: Sequence[Line], after: Cursor | None) -> Cursor:
    last = rows[-1].page_at
    passed = sum(row.page_at == last for row in rows)
    return Cursor(last, passed + (after.passed if after and after.at == last else 0))
