"""What the provider's reports say of a month or a quarter, beside what was counted here of the same days.

Of ratings, corrections and exclusions those that were known at the end of the day it was handed in: no report can
hold what was said after it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.models import RegisterRecord
from app.services.indicators import counting
from app.services.indicators.counting import Count
from app.services.indicators.quarters import Quarter
from app.services.indicators.scope import Scope, month

A_DAY = timedelta(days=1)

WITHIN = Fraction(2, 100)
# What is typed into a report: by which measure we have it, and whether it is its numerator.
OURS = {
    "tickets": ("remote", False),
    "response": ("response_in_time", True),
    "solution": ("solution_in_time", True),
    "satisfied": ("satisfied", True),
    "ratings": ("satisfied", False),
}


@dataclass(frozen=True)
class Beside:
    """A figure of a report, and ours of the same days."""

    record: RegisterRecord
    name: str
    reported: int
    ours: int

    @property
    def apart(self) -> Fraction:
        return Fraction(abs(self.reported - self.ours), self.ours) if self.ours else Fraction(min(1, self.reported))

    @property
    def differs(self) -> bool:
        return self.apart > WITHIN


def of_month(session: Session, kind: str, contract_id: int, first: date, *, zone: ZoneInfo) -> list[Beside]:
    """What the reports about a month say, and those about its quarter, confirmed or not."""
    quarter = Quarter.at(first)
    found = session.scalars(records(kind, contract_id).where(RegisterRecord.period.in_(_names(first, quarter))))
    return list(figures(session, found, periods(quarter, contract_id, zone), zone))


def periods(quarter: Quarter, contract_id: int, zone: ZoneInfo) -> Mapping[str, Scope]:
    """A quarter and each of its months, by the names that reports give them."""
    months = [date(quarter.year, quarter.first.month + n, 1) for n in range(3)]
    whole = Scope(quarter.begins(zone), quarter.ends(zone), contract_id)
    return {str(quarter): whole, **{f"{one:%Y-%m}": month(one, zone=zone, contract_id=contract_id) for one in months}}


def _names(first: date, quarter: Quarter) -> list[str]:
    return [f"{first:%Y-%m}", str(quarter)]


def about(session: Session, kind: str, contract_id: int, first: date) -> list[RegisterRecord]:
    """The reports about a month or its quarter, and those that were due in it."""
    days = RegisterRecord.due_on >= first, RegisterRecord.due_on < (first + timedelta(days=31)).replace(day=1)
    of_period = RegisterRecord.period.in_(_names(first, Quarter.at(first)))
    query = records(kind, contract_id).where(or_(of_period, and_(*days)))
    return list(session.scalars(query))


def records(kind: str, contract_id: int) -> Any:
    """A query for the reports on a contract that stand, in the order they came."""
    standing = (RegisterRecord.kind == kind, RegisterRecord.contract_id == contract_id, RegisterRecord.void.is_(False))
    return select(RegisterRecord).where(*standing).order_by(RegisterRecord.id)


def figures(
    session: Session, reports: Iterable[RegisterRecord], scopes: Mapping[str, Scope], zone: ZoneInfo
) -> Iterator[Beside]:
    """Each figure of these reports, which are about one of the periods in `scopes`."""
    known: dict[tuple[str, Scope], Count] = {}
    for one in reports:
        scope = replace(scopes[one.period], rated_until=_handed_in(one, zone))
        for name, (measure, of_them) in OURS.items():
            if name in one.data:
                found = known[measure, scope] = known.get((measure, scope)) or counting.count_of(
                    session, measure, scope
                )
                yield Beside(one, name, one.data[name], found.num if of_them else found.den)


def _handed_in(report: RegisterRecord, zone: ZoneInfo) -> datetime | None:
    """The end of that day."""
    return datetime.combine(report.done_on + A_DAY, time(), tzinfo=zone) if report.done_on else None
