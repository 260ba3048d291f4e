"""Proves the roll-ups: every day in them is counted again from the rows themselves, and has to be the same."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import CorridorDay, CorridorQuarter, RatingDay, RollupMark
from app.services.rollups import corridor
from app.services.rollups.daily import A_DAY, NAME, Place, Sum, count_day


def days(session: Session, *, last: int | None = None) -> list[date]:
    """Those the roll-up has, or the last so many of them."""
    mark = session.get(RollupMark, NAME)
    first = session.scalar(select(func.min(RatingDay.day)))
    if mark is None or first is None:
        return []
    found = [first + n * A_DAY for n in range((mark.until - first).days)]
    return found if last is None else found[-last:]


def wrong(session: Session, which: list[date]) -> Iterator[tuple[date, bool]]:
    """Each day, and whether what is kept of it differs."""
    mark = session.get(RollupMark, NAME)
    for day in which:
        yield day, mark is not None and _kept(session, day) != count_day(session, day, ZoneInfo(mark.zone))


def _kept(session: Session, day: date) -> dict[Place, Sum]:
    rows = session.scalars(select(RatingDay).where(RatingDay.day == day))
    return {(row.department_id, row.lead_id): Sum(row.counted, row.satisfied) for row in rows}


def corridor_days(session: Session, *, last: int | None = None) -> list[date]:
    found = session.scalars(select(CorridorDay.day).order_by(CorridorDay.day)).all()
    return list(found if last is None else found[-last:])


def corridor_quarters(session: Session) -> list[date]:
    kept = set(session.scalars(select(CorridorQuarter.quarter).distinct()))
    return sorted(kept | {corridor.quarter_of(day) for day in corridor_days(session)})


def corridor_wrong(session: Session, which: list[date]) -> Iterator[tuple[date, bool]]:
    mark = session.get(RollupMark, corridor.NAME)
    for day in which:
        counted = mark and corridor.count_day(session, day, ZoneInfo(mark.zone))
        yield day, counted is not None and corridor.kept_day(session, day) != counted


def corridor_quarters_wrong(session: Session, which: list[date]) -> Iterator[tuple[date, bool]]:
    """Each quarter, and whether its rows are not the sum of its days."""
    for quarter in which:
        yield quarter, corridor.kept_quarter(session, quarter) != corridor.sum_quarter(session, quarter)
