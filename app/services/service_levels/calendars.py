"""The calendars of config/sla.toml with the days off of config/holidays.toml, and what was published since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.db import Writer, rows
from app.driver import Prepared
from app.models import HolidayNotice
from config.holidays import holidays
from config.sla import WEEK, service_levels
from supervision.calendar import Calendar

_TAKEN_IN = Prepared(
    lambda _dialect: select(HolidayNotice.year, HolidayNotice.notice, HolidayNotice.off, HolidayNotice.work).order_by(
        HolidayNotice.id
    )
)


@dataclass(frozen=True)
class YearOff:
    """What the notice of a year says: days off, and week-end days that are worked instead."""

    year: int
    notice: str
    off: tuple[date, ...]
    work: tuple[date, ...]


@dataclass(frozen=True)
class Hours:
    """Every calendar in the hospital's zone, under the days off that are known; each is laid out once."""

    zone: ZoneInfo
    years: tuple[YearOff, ...]

    def calendar(self, name: str) -> Calendar:
        """Raises KeyError for a calendar that the file does not have."""
        return self._calendars[name]

    def is_provisional(self, name: str, first: date, last: date) -> bool:
        """Whether a day between these two follows days off that nobody has published yet."""
        follows = service_levels().calendars[name].holidays
        return follows and not all(self.knows(year) for year in range(first.year, last.year + 1))

    def knows(self, year: int) -> bool:
        return any(one.year == year for one in self.years)

    @cached_property
    def _calendars(self) -> Mapping[str, Calendar]:
        return {name: self._laid_out(name) for name in service_levels().calendars}

    def _laid_out(self, name: str) -> Calendar:
        hours = service_levels().calendars[name]
        fields = {"tz": self.zone.key, "week": {day: hours.on(day) for day in WEEK}}
        if hours.holidays:
            off = [str(day) for one in self.years for day in one.off]
            work = {str(day): hours.on(hours.swapped) for one in self.years for day in one.work}
            fields |= {"closed": off, "special": work}
        return Calendar(fields)


def hours(db: Writer, zone: ZoneInfo) -> Hours:
    """As they are known now: the last notice that was taken in wins over the file, year by year."""
    taken_in = (YearOff(row.year, row.notice, _days(row.off), _days(row.work)) for row in rows(db, _TAKEN_IN, {}))
    return _hours(zone, tuple(taken_in))


def of_file(zone: ZoneInfo) -> Hours:
    """Without what was taken in since the file was written."""
    return _hours(zone, ())


@lru_cache(maxsize=32)
def _hours(zone: ZoneInfo, taken_in: tuple[YearOff, ...]) -> Hours:
    file = holidays().years.items()
    years = {int(year): YearOff(int(year), days.notice, days.off, days.work) for year, days in file}
    years |= {one.year: one for one in taken_in}
    return Hours(zone, tuple(years[year] for year in sorted(years)))


def _days(written: Sequence[str]) -> tuple[date, ...]:
    return tuple(map(date.fromisoformat, written))
