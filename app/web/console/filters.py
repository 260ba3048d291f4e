"""Reading what a list was asked for: texts, ids, days of the hospital's calendar."""

from collections.abc import Container, Sequence
from datetime import date, datetime, time, timedelta

from flask import request

from app.errors import Refused
from app.http import forms
from app.http.context import runtime
from app.http.ids import parse_id
from app.pagination import Cursor, Line

SEARCHED = 10_000  # characters; no database looks for a longer text
YEARS = range(1970, 2200)  # further out a day has no moment in every zone


def text(name: str) -> str:
    return forms.clean(request.args.get(name, ""), SEARCHED)


def code(name: str, known: Container[str]) -> str:
    """One of the known codes, or empty."""
    value = text(name)
    if value and value not in known:
        raise Refused("bad_filter", name=name)
    return value


def row_id(name: str) -> int | None:
    value = text(name)
    number = parse_id(value)
    if value and number is None:
        raise Refused("bad_filter", name=name)
    return number


def cursor(name: str) -> Cursor | None:
    """Where a list goes on."""
    value = text(name)
    found = Cursor.read(value)
    if value and found is None:
        raise Refused("bad_filter", name=name)
    return found


def oldest_first() -> bool:
    """Whether a list that has two orders was turned round."""
    return code("order", ("oldest",)) == "oldest"


def day(name: str) -> date | None:
    value = text(name)
    if not value:
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError as error:
        raise Refused("bad_filter", name=name) from error
    if found.year not in YEARS:
        raise Refused("bad_filter", name=name)
    return found


def grouped(lines: Sequence[Line], name: str) -> list[tuple[str, list[Line]]]:
    """The lines under each heading, which is their value of that name, as they come."""
    under: dict[str, list[Line]] = {}
    for line in lines:
        under.setdefault(getattr(line, name), []).append(line)
    return list(under.items())


def beginning(on: date | None) -> datetime | None:
    """The moment that day begins in the hospital."""
    return datetime.combine(on, time(), tzinfo=runtime().settings.timezone) if on else None


def end(on: date | None) -> datetime | None:
    """The moment the day after begins."""
    return beginning(on + timedelta(days=1)) if on else None
