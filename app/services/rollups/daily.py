"""Ratings by day: counted once when the day is so old that hardly anything can change, read from there afterwards.

A reader of the feed. Corrections end after a day and most bindings within a week; who is bound later still makes old
ratings count, and the feed says so: then their days are counted again. Younger days are counted as they are asked for.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.models import CountedRating, Rating, RatingCorrection, RatingDay, RatingExclusion, RollupMark
from app.models.rating import SATISFIED_FROM
from app.models.rollup import ALL
from app.pagination import Query
from app.services import feed

NAME = "rating_day"
OLD_ENOUGH = timedelta(days=8)
A_DAY = timedelta(days=1)

# The level that stands: the corrected one where there is one.
LEVEL = func.coalesce(RatingCorrection.level, Rating.level)

Place = tuple[int, int]  # department and lead, or ALL


@dataclass(frozen=True)
class Scope:
    """Which ratings: of a ward, of an engineer; `since` is included, `until` is not."""

    department_id: int | None = None
    lead_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Sum:
    counted: int = 0
    satisfied: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.counted + other.counted, self.satisfied + other.satisfied)


def total(session: Session, scope: Scope) -> Sum:
    """Of the ratings that count. Whole days come from the roll-up as far as it has come, the rest is counted now."""
    mark = session.get(RollupMark, NAME)
    if mark is None:
        return _count(session, scope, scope.since, scope.until)
    zone = ZoneInfo(mark.zone)
    first, end = _first_whole_day(scope.since, zone), min(mark.until, _last_day(scope.until, zone) or mark.until)
    if first is not None and first >= end:
        return _count(session, scope, scope.since, scope.until)
    found = _rolled(session, scope, first, end) + _count(session, scope, begins(end, zone), scope.until)
    if first is not None and scope.since is not None and scope.since < begins(first, zone):
        found += _count(session, scope, scope.since, begins(first, zone))
    return found


def follow(session: Session, *, zone: ZoneInfo, at: datetime, most: int) -> bool:
    """Count so many more days that are old enough, and again those that a binding has changed; whether there are more.

    Needs a writing transaction; `feed.number` comes first. In another zone than before it starts again.
    """
    mark = _mark(session, zone, at)
    if mark is None:
        return False
    # What was committed is seen by the counting below; whatever comes after it has a later number.
    mark.seq, changed = _read_feed(session, mark)
    end = local_day(at, zone) - OLD_ENOUGH
    days = [mark.until + n * A_DAY for n in range(max(0, min((end - mark.until).days, most)))]
    for day in [*changed, *days]:
        write_day(session, day, zone)
    if days:
        mark.until = days[-1] + A_DAY
    return mark.until < end or mark.seq < feed.last(session)


def count_day(session: Session, day: date, zone: ZoneInfo) -> dict[Place, Sum]:
    """From the ratings themselves, for every ward and engineer of the day."""
    found: Counter[Place] = Counter()
    satisfied: Counter[Place] = Counter()
    query = _counted(Rating.department_id, Rating.lead_id, func.count(), _satisfied())
    query = query.where(Rating.at >= begins(day, zone), Rating.at < begins(day + A_DAY, zone))
    found[ALL, ALL] += 0
    for department, lead, many, content in session.execute(query.group_by(Rating.department_id, Rating.lead_id)):
        for place in product({ALL, department or ALL}, {ALL, lead or ALL}):
            found[place] += many
            satisfied[place] += content
    return {place: Sum(many, satisfied[place]) for place, many in found.items()}


def write_day(session: Session, day: date, zone: ZoneInfo) -> None:
    session.execute(delete(RatingDay).where(RatingDay.day == day))
    rows = [
        {"department_id": department, "lead_id": lead, "day": day, "counted": sum_.counted, "satisfied": sum_.satisfied}
        for (department, lead), sum_ in count_day(session, day, zone).items()
    ]
    session.execute(insert(RatingDay), rows)


def _mark(session: Session, zone: ZoneInfo, at: datetime) -> RollupMark | None:
    """Held until the end of the transaction; none before the first rating."""
    mark = session.get(RollupMark, NAME, with_for_update=True)
    if mark is not None and mark.zone == zone.key:
        return mark
    first = session.scalar(select(func.min(Rating.at)))
    if first is None:
        return None
    until, seq = local_day(first, zone), feed.last(session)
    if mark is None:
        insert_first(session, RollupMark, name=NAME, zone=zone.key, until=until, seq=seq)
        return session.get(RollupMark, NAME, with_for_update=True)
    session.execute(delete(RatingDay))
    mark.zone, mark.until, mark.seq = zone.key, until, seq
    return mark


def _read_feed(session: Session, mark: RollupMark) -> tuple[int, set[date]]:
    """How far it was read, and the days before the mark that have changed since."""
    last = min(feed.last(session), mark.seq + feed.BATCH)
    bound = feed.read(session, after=mark.seq, most=feed.BATCH, kinds={"bound"})
    identities = {(line.Event.data or {}).get("identity") for line in bound}
    zone = ZoneInfo(mark.zone)
    waited = select(Rating.at).where(Rating.identity_id.in_(identities - {None}), ~Rating.counts)
    days = {local_day(at, zone) for at in session.scalars(waited)}
    return last, {day for day in days if day < mark.until}


def _rolled(session: Session, scope: Scope, first: date | None, end: date) -> Sum:
    day = RatingDay
    query = select(func.coalesce(func.sum(day.counted), 0), func.coalesce(func.sum(day.satisfied), 0)).where(
        day.department_id == (scope.department_id or ALL), day.lead_id == (scope.lead_id or ALL), day.day < end
    )
    return Sum(*session.execute(query if first is None else query.where(day.day >= first)).one())


def _count(session: Session, scope: Scope, since: datetime | None, until: datetime | None) -> Sum:
    query = _counted(func.count(), _satisfied()).where(*_conditions(scope, since, until))
    return Sum(*session.execute(query).one())


def set_aside(session: Session, scope: Scope) -> Sum:
    """What the hospital has excluded of these: few, so they are counted as they stand."""
    slot = select(CountedRating.rating_id).where(CountedRating.rating_id == Rating.id)
    query = (
        select(func.count(), _satisfied())
        .select_from(RatingExclusion)
        .join(Rating, Rating.id == RatingExclusion.rating_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .where(or_(Rating.counts, slot.exists()))  # whose rating counted at once needs no second look
    )
    return Sum(*session.execute(query.where(*_conditions(scope, scope.since, scope.until))).one())


def _counted(*columns: Any) -> Query:
    return (
        select(*columns)
        .select_from(Rating)
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
    )


def _satisfied() -> ColumnElement[int]:
    return func.coalesce(func.sum(case((LEVEL >= SATISFIED_FROM, 1), else_=0)), 0)


def _conditions(scope: Scope, since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    if scope.department_id is not None:
        yield Rating.department_id == scope.department_id
    if scope.lead_id is not None:
        yield Rating.lead_id == scope.lead_id
    if since is not None:
        yield Rating.at >= since
    if until is not None:
        yield Rating.at < until


def local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _first_whole_day(since: datetime | None, zone: ZoneInfo) -> date | None:
    if since is None:
        return None
    day = local_day(since, zone)
    return day if begins(day, zone) == since else day + A_DAY


def _last_day(until: datetime | None, zone: ZoneInfo) -> date | None:
    """The day that is no longer whole."""
    return None if until is None else local_day(until, zone)
