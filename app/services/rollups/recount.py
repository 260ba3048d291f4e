"""Proves the roll-up: every day in it is counted again from the ratings, and has to be the same."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import RatingDay, RollupMark
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
