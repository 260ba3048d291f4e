"""Counts measures, and reads the rows behind them."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.models import Completion, Event, ServiceCase, Ticket
from app.pagination import Line
from app.services.indicators.measures import MEASURES
from app.services.indicators.scope import Measure, Scope

_TABLES: dict[str, Any] = {"completion": Completion, "event": Event, "case": ServiceCase}
_MOMENTS: dict[str, Any] = {"completion": Completion.finished_at, "event": Event.at, "case": ServiceCase.opened_at}


@dataclass(frozen=True)
class Count:
    num: int
    den: int


def count(session: Session, measure: Measure, scope: Scope) -> Count:
    rows = measure.query(scope).subquery()
    good = func.coalesce(func.sum(case((rows.c.good, 1), else_=0)), 0)
    return Count(*session.execute(select(good, func.count()).select_from(rows)).one())


def count_of(session: Session, name: str, scope: Scope) -> Count:
    return count(session, MEASURES[name], scope)


def units(session: Session, measure: Measure, scope: Scope) -> dict[str, list[int]]:
    """The ids behind a figure: those in its numerator, and the others."""
    found: dict[str, list[int]] = {"good": [], "other": []}
    for unit, good in session.execute(measure.query(scope).order_by("unit")):
        found["good" if good else "other"].append(unit)
    return found


def pack(ids: dict[str, list[int]]) -> bytes:
    return zlib.compress(json.dumps(ids, separators=(",", ":"), sort_keys=True).encode())


def unpack(data: bytes) -> dict[str, list[int]]:
    found: dict[str, list[int]] = json.loads(zlib.decompress(data))
    return found


def rows(
    session: Session, measure: Measure, scope: Scope, *, good: bool | None, after: int, most: int
) -> Sequence[Line]:
    """The rows behind a figure as they stand, some at a time, by id; `after` so many of them."""
    found = measure.query(scope).subquery()
    query = _shown(measure, select(found.c.unit, found.c.good))
    if good is not None:
        query = query.where(found.c.good if good else ~found.c.good)
    joined = _TABLES[measure.unit].id == found.c.unit
    return session.execute(_joined(measure, query, joined).order_by(found.c.unit).offset(after).limit(most)).all()


def rows_of(session: Session, measure: Measure, ids: Sequence[int]) -> Sequence[Line]:
    """Of a frozen sheet: what these ids are."""
    own = _TABLES[measure.unit].id
    query = _joined(measure, _shown(measure, select(own.label("unit"))), own.in_(ids))
    return session.execute(query.order_by(own)).all()


def _shown(measure: Measure, query: Any) -> Any:
    table = _TABLES[measure.unit]
    return query.add_columns(Ticket.number, table.cycle, _MOMENTS[measure.unit].label("at"))


def _joined(measure: Measure, query: Any, on: Any) -> Any:
    table = _TABLES[measure.unit]
    return query.select_from(table).where(on).join(Ticket, Ticket.id == table.ticket_id)
