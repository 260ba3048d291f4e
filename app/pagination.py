"""Long lists, a page at a time, newest first: continued after a row, never counted, never skipped over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

Line: TypeAlias = Row[*tuple[Any, ...]]
Query: TypeAlias = Select[*tuple[Any, ...]]
SIZE = 50


@dataclass(frozen=True)
class Page:
    """Some rows, each with an `id`; `after` continues the list and is None at its end."""

    rows: Sequence[Line]
    after: int | None


def newest_first(
    session: Session,
    query: Query,
    at: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[int],
    *,
    after: int | None,
    size: int = SIZE,
) -> Page:
    """The page of `query` that follows the row `after`, by the moment `at` and then `key`."""
    if after is not None and (last := session.scalar(select(at).where(key == after))) is not None:
        query = query.where(at <= last, or_(at < last, key < after))
    rows = session.execute(query.order_by(at.desc(), key.desc()).limit(size + 1)).all()
    return Page(rows[:size], rows[size - 1].id if len(rows) > size else None)
