"""The calendars of config/sla.toml with the days off of config/holidays.toml, each laid out once in a process."""

from datetime import date
from functools import cache

from config.holidays import holidays
from config.sla import WEEK, service_levels
from supervision.calendar import Calendar


@cache
def calendar(name: str, zone: str) -> Calendar:
    """Raises KeyError for a calendar that the file does not have."""
    hours = service_levels().calendars[name]
    fields = {"tz": zone, "week": {day: hours.on(day) for day in WEEK}}
    if hours.holidays:
        off, work = holidays().off, holidays().work
        fields |= {"closed": list(map(str, off)), "special": {str(day): hours.on(hours.swapped) for day in work}}
    return Calendar(fields)


def is_provisional(name: str, first: date, last: date) -> bool:
    """Whether a day between these two follows days off that nobody has published yet."""
    follows = service_levels().calendars[name].holidays
    return follows and not all(holidays().knows(date(year, 1, 1)) for year in range(first.year, last.year + 1))
