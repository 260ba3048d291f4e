"""Long lists, a page at a time, in an order of moments: continued after one, never counted, never skipped over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

Line: TypeAlias = Row[*tuple[Any, ...]]
Query: TypeAlias = Select[*tuple[Any, ...]]
SIZE = 50
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FORM = re.compile(r"([0-9]{1,17})(?:-([0-9]{1,6}))?(?:-([0-9]))?")  # more is after the last year there is


@dataclass(frozen=True)
class Cursor:
    """Where a list goes on: at this moment of this section, after so many rows of it.

    No id stands in an address, for ids count what the reader may not see; nor is a row looked up, which would tell
    of one that is hidden from them.
    """

    at: datetime
    passed: int
    section: int = 0

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _TICK}-{self.passed}{f'-{self.section}' if self.section else ''}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """None for what was never one."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        return cls(_EPOCH + int(found[1]) * _TICK, int(found[2] or 0), int(found[3] or 0))


@dataclass(frozen=True)
class Page:
    """Some rows; `after` continues the list and is None at its end."""

    rows: Sequence[Line]
    after: Cursor | None


@dataclass(frozen=True)
class Section:
    """One stretch of a list, of which an index knows the order: these rows, by this moment."""

    at: InstrumentedAttribute[Any]
    which: ColumnElement[bool] | None = None
    before: InstrumentedAttribute[Any] | None = None
    """The column before the moment in that index, where it is empty in all of them: no database sees that by itself."""


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
    return in_sections(session, query, [Section(at)], key, after=after, size=size, backwards=not oldest)


def in_sections(
    session: Session,
    query: Query,
    sections: Sequence[Section],
    key: InstrumentedAttribute[int],
    *,
    after: Cursor | None,
    size: int = SIZE,
    backwards: bool = False,
) -> Page:
    """The page that follows, one section after the other, the oldest first in each; `backwards` turns all of it round.

    A statement for each section until the page is full, so there are few of them.
    """
    numbered = list(enumerate(sections))
    found: list[tuple[int, Line]] = []
    for number, section in reversed(numbered) if backwards else numbered:
        if after is not None and (number > after.section if backwards else number < after.section):
            continue
        here = after if after is not None and number == after.section else None
        lines = _continued(query, section, key, here, backwards=backwards).limit(size + 1 - len(found))
        found += ((number, row) for row in session.execute(lines))
        if len(found) > size:
            return Page([row for _number, row in found[:size]], _end(found[:size], after))
    return Page([row for _number, row in found], None)


def _continued(
    query: Query, section: Section, key: InstrumentedAttribute[int], after: Cursor | None, *, backwards: bool
) -> Query:
    at = section.at
    columns = [column for column in (section.before, at, key) if column is not None]
    order = [column.desc() for column in columns] if backwards else columns
    query = query.add_columns(at.label("page_at")).order_by(*order)
    if section.which is not None:
        query = query.where(section.which)
    if after is None:
        return query
    return query.where(at <= after.at if backwards else at >= after.at).offset(after.passed)


def _end(found: Sequence[tuple[int, Line]], after: Cursor | None) -> Cursor:
    section, row = found[-1]
    last: datetime = row.page_at
    passed = sum(number == section and one.page_at == last for number, one in found)
    going_on = after is not None and (after.section, after.at) == (section, last)
    return Cursor(last, passed + (after.passed if after and going_on else 0), section)
