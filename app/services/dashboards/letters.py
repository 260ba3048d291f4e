"""What a department is told of a quarter, on one page: what you said, what we did. By hand, from the hospital alone.

The figures are the corridor's. No single rating can be read from a letter, not even by the colleagues of whoever gave
it: what few have said is left out, and a quarter that can still be rated is told of nowhere but on the hospital's page.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import CorridorMeasure, Department, RegisterRecord
from app.models.rating import LEVELS
from app.pagination import Line
from app.services.dashboards import corridor
from app.services.dashboards import letter_words as words
from app.services.dashboards.corridor import Share
from app.services.indicators.measures import SATISFIED_FROM
from app.services.indicators.quarters import Quarter
from app.services.rollups.corridor import Figures
from app.services.rollups.corridor_rows import ASIDE, OVERALL
from app.texts.sheets import per_cent
from config.registers import registers
from config.touchpoints import touchpoints
from supervision.samples import FEW, telling

REGISTERS = ("rectifications", "improvements")
HERE_MOST, OTHERS_MOST, REGISTERED_MOST = 3, 2, 3  # so that it stays a page
Part = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class Sender:
    hospital: str
    hotline: str
    zone: ZoneInfo


@dataclass(frozen=True)
class Changes:
    """What was done in the quarter, or is done about what was felt in it."""

    measures: Sequence[CorridorMeasure]
    registered: Sequence[Line]


@dataclass(frozen=True)
class Letter:
    department: str
    department_id: int
    quarter: Quarter
    finished: int
    satisfied: Share
    """As the sheet counts it: without what was set aside."""
    reasons: Sequence[tuple[str, int]]
    changes: Changes
    sender: Sender

    @property
    def title(self) -> str:
        return words.TITLE.format(self.quarter)

    @property
    def to(self) -> str:
        return words.TO.format(self.department)

    @property
    def rated(self) -> int | None:
        return self.satisfied.n if self.satisfied.n >= FEW else None

    @property
    def rate(self) -> Share | None:
        return None if telling(self.satisfied.x, self.satisfied.n) else self.satisfied

    @property
    def parts(self) -> Sequence[Part]:
        """A heading and its sentences, as page and paper say them."""
        return (
            (words.SERVED, [words.FINISHED.format(self.finished), *self._rated()]),
            (words.YOU_SAID, self._reasons()),
            (words.DID, [*self._did()] or [words.NOTHING_DONE]),
            (words.COMPLAIN, words.ways(self.sender.hotline)),
        )

    def _rated(self) -> Iterator[str]:
        if self.rated is None:
            yield words.FEW.format(FEW)
            return
        yield words.RATED.format(self.rated)
        if self.rate is None:
            yield words.ALIKE
            return
        x, n = self.rate.x, self.rate.n
        low, high = self.rate.interval or (0.0, 1.0)
        yield words.SATISFIED.format(rate=per_cent(x, n), x=x, n=n, low=low * 100, high=high * 100)

    def _reasons(self) -> Sequence[str]:
        named = {choice.code: choice.zh for mood in touchpoints().reasons.values() for choice in mood}
        if self.rate is None:
            return [words.NO_REASONS_OF_FEW]
        found = [words.REASON.format(named.get(code, code), many) for code, many in self.reasons]
        return found or [words.NO_REASONS.format(FEW)]

    def _did(self) -> Iterator[str]:
        """Of others only what everybody may read."""
        here = [one for one in self.changes.measures if self._is_here(one)]
        others = [one for one in self.changes.measures if one.published_at is not None and not self._is_here(one)]
        for one in here[:HERE_MOST]:
            yield words.did(one.said, one.did) if one.done_at else words.doing(one.action, one.due_on)
        yield from (words.everywhere(one.said, one.did) for one in others[:OTHERS_MOST])
        yield from (words.REGISTERED.format(registers()[row.kind].zh, row.title) for row in self.changes.registered)

    def _is_here(self, measure: CorridorMeasure) -> bool:
        return (measure.dimension, measure.value) == ("department", str(self.department_id))


def every(session: Session, quarter: Quarter, sender: Sender) -> list[Letter]:
    """One for each department that was served in the quarter, in the order of the hospital's list."""
    served = corridor.of_departments(session, quarter.first)
    rows = session.execute(_departments().where(Department.id.in_(served))).all()
    changes = _changes(session, quarter, sender.zone)
    return [_of_department(row, quarter, served[row.id], changes, sender) for row in rows]


def one(session: Session, quarter: Quarter, department_id: int, sender: Sender) -> Letter:
    """Also of one that was not served. Raises Missing."""
    served = corridor.of_departments(session, quarter.first)
    row = session.execute(_departments().where(Department.id == department_id)).first()
    if row is None:
        raise Missing("no_such_letter")
    return _of_department(
        row, quarter, served.get(department_id, Counter()), _changes(session, quarter, sender.zone), sender
    )


def final(quarter: Quarter, *, zone: ZoneInfo, window: timedelta, at: datetime) -> bool:
    """Not while somebody may rate: two letters of one quarter would tell what lies between them."""
    return at >= quarter.known_from(zone, window)


def _departments() -> Any:
    return select(Department.id, Department.name).order_by(Department.position, Department.name, Department.id)


def _of_department(row: Line, quarter: Quarter, figures: Figures, changes: Changes, sender: Sender) -> Letter:
    counted = {level: figures[f"{OVERALL}.{level}"] - figures[f"{ASIDE}.{level}"] for level in LEVELS}
    satisfied = Share(sum(counted[level] for level in LEVELS if level >= SATISFIED_FROM), sum(counted.values()))
    named = [(code, many) for code, many in corridor.touchpoint(figures, OVERALL).reasons if many >= FEW]
    return Letter(row.name, row.id, quarter, figures["completions"], satisfied, named, changes, sender)


def _changes(session: Session, quarter: Quarter, zone: ZoneInfo) -> Changes:
    since, until = quarter.begins(zone), quarter.ends(zone)
    done = and_(CorridorMeasure.done_at >= since, CorridorMeasure.done_at < until)
    measures = (
        select(CorridorMeasure)
        .where(or_(CorridorMeasure.quarter == quarter.first, done))
        .order_by(CorridorMeasure.done_at.is_(None), CorridorMeasure.done_at.desc(), CorridorMeasure.id.desc())
    )
    confirmed = [kind for kind in REGISTERS if registers()[kind].second]
    records = (
        select(RegisterRecord.kind, RegisterRecord.title)
        .where(
            RegisterRecord.kind.in_(REGISTERS),
            RegisterRecord.done_on.between(quarter.first, quarter.last),
            RegisterRecord.closed,
            RegisterRecord.void.is_(False),
            or_(RegisterRecord.kind.not_in(confirmed), RegisterRecord.confirmed_at.is_not(None)),
        )
        .order_by(RegisterRecord.done_on.desc(), RegisterRecord.id.desc())
        .limit(REGISTERED_MOST)
    )
    return Changes(session.scalars(measures).all(), session.execute(records).all())
