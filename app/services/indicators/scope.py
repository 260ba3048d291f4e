"""Which completions a figure is of, and the parts its statement is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, and_, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.models import Completion, Event, IncidentChild
from app.pagination import Query


class Seconds(FunctionElement[int]):
    """Whole seconds of a moment, to subtract one from another on both databases."""

    type = BigInteger()
    inherit_cache = True


@compiles(Seconds, "sqlite")
def _seconds_on_sqlite(element: Seconds, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **how)}) AS INTEGER)"


@compiles(Seconds, "postgresql")
def _seconds_on_postgresql(element: Seconds, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **how)})) AS BIGINT)"


@dataclass(frozen=True)
class Scope:
    """Which completions: of a contract (of any: the hospital's), finished from `since` on and before `until`.

    `rated_until`: ratings, corrections and exclusions of later are not known yet.
    """

    since: datetime
    until: datetime
    contract_id: int | None = None
    rated_until: datetime | None = None

    def completions(self) -> ColumnElement[bool]:
        of_contract = true() if self.contract_id is None else Completion.contract_id == self.contract_id
        return and_(of_contract, Completion.finished_at >= self.since, Completion.finished_at < self.until)

    def until_rated(self, at: Any) -> ColumnElement[bool]:
        return true() if self.rated_until is None else at <= self.rated_until


def month(first: date, *, zone: ZoneInfo, contract_id: int) -> Scope:
    """Of a contract's month, from its first day."""
    after = (first + timedelta(days=31)).replace(day=1)
    since, until = (datetime.combine(day, time(), tzinfo=zone) for day in (first, after))
    return Scope(since, until, contract_id)


Unit = Literal["completion", "event", "case"]


@dataclass(frozen=True)
class Measure:
    unit: Unit
    query: Callable[[Scope], Query]
    of_ratings: bool = False
    """Moves with what somebody has rated or complained of (law 11)."""
    of_levels: bool = False
    """Tells what levels were given: of few answers it is shown and not scored, for points would tell them, too."""
    of_low: bool = False
    """Of those who rated low: where few have rated, that there was any tells what single people answered."""
    of_whom: bool = False
    """Tells who has rated, and of no level: in closed blocks the provider reads it before the freeze."""


def completed(scope: Scope, good: ColumnElement[bool]) -> Query:
    """The work that was finished: what joined a major incident is the parent's, until it is reopened."""
    return each(scope, good).where(own_work())


def each(scope: Scope, good: ColumnElement[bool]) -> Query:
    """Every completion, also of those who joined another: each has a code of its own."""
    return select(Completion.id.label("unit"), good.label("good")).where(scope.completions())


def own_work() -> ColumnElement[bool]:
    joined = select(IncidentChild.ticket_id).where(IncidentChild.ticket_id == Completion.ticket_id)
    return or_(Completion.cycle > 1, ~joined.exists())


def of_cycle(query: Query) -> Query:
    return query.where(Event.ticket_id == Completion.ticket_id, Event.cycle == Completion.cycle)


def has_event(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the cycle has such an event."""
    return of_cycle(select(Event.id)).where(*conditions).exists()


def has_node(*states: str) -> ColumnElement[bool]:
    return has_event(Event.state.in_(states))


def whole_seconds(time: timedelta) -> int:
    return time // timedelta(seconds=1)
