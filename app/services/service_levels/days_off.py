"""The yearly notice of days off and swapped work days, taken in from holiday-cn's JSON; of a year the last one counts.

https://github.com/NateScarlet/holiday-cn: {"year", "papers": [addresses], "days": [{"name", "date", "isOffDay"}]}.
"""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import HolidayNotice
from app.services import events
from app.services.events import About
from app.services.service_levels import calendars, due_moments
from app.services.service_levels.calendars import Hours, YearOff

MISSED_FROM_MONTH = 11  # the notice for the next year usually comes in October or November
MOST = 64  # days


class _Day(BaseModel):
    date: date
    off: bool = Field(alias="isOffDay", strict=True)


class _Notice(BaseModel):
    year: int = Field(ge=2000, le=2100)
    papers: list[str] = []
    days: Annotated[list[_Day], Field(min_length=1, max_length=MOST)]


def read(content: bytes) -> YearOff:
    """Raises Refused that says what is wrong."""
    try:
        found = _Notice.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "JSON"
        raise Refused("days_off_unreadable", where=where, why=first["msg"]) from error
    dates = [day.date for day in found.days]
    if strange := next((day for day in dates if day.year != found.year or dates.count(day) > 1), None):
        raise Refused("days_off_day", day=str(strange), year=found.year)
    off = tuple(sorted(day.date for day in found.days if day.off))
    work = tuple(sorted(day.date for day in found.days if not day.off))
    if on_a_week_day := next((day for day in work if day.weekday() < 5), None):
        raise Refused("days_off_day", day=str(on_a_week_day), year=found.year)
    return YearOff(found.year, " ".join(found.papers), off, work)


def take_in(session: Session, days: YearOff, *, zone: ZoneInfo, by: int | None, at: datetime, channel: str) -> bool:
    """Write it down unless the same stands already. What is open is counted again by it; frozen figures never are."""
    if days in calendars.hours(session, zone).years:
        return False
    written = {"off": list(map(str, days.off)), "work": list(map(str, days.work))}
    row = HolidayNotice(year=days.year, notice=days.notice, at=at, by_id=by, **written)
    session.add(row)
    session.flush()
    data = {"notice": row.id, "year": days.year}
    events.append(session, About(row.id), "days_off_taken_in", by=by, at=at, channel=channel, data=data)
    due_moments.recount(session, zone=zone)
    return True


def missing(hours: Hours, today: date) -> int | None:
    """The next year, when its notice is late and nobody has taken it in; this year at any time."""
    if not hours.knows(today.year):
        return today.year
    return today.year + 1 if today.month >= MISSED_FROM_MONTH and not hours.knows(today.year + 1) else None
