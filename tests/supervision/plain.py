"""Straight minute counting: what the clock is held to. It shares nothing with `supervision`, and is slow."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Plain:
    """Looks at the wall at every minute."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.zone = UTC if fields["tz"] == "UTC" else ZoneInfo(fields["tz"])
        self._days: dict[date, tuple[set[int], set[int]]] = {}

    def open(self, at: datetime) -> bool:
        wall = at.astimezone(self.zone)
        minutes = wall.hour * 60 + wall.minute
        days = [(wall.date() - timedelta(days=back), minutes + back * 1440) for back in range(3)]
        in_break = any(minute in self._of(day)[1] for day, minute in days)
        return not in_break and any(minute in self._of(day)[0] for day, minute in days)

    def elapsed(self, start: datetime, end: datetime, pauses: list[tuple[datetime, datetime]]) -> int:
        return sum(self._counts(at, pauses) for at in every_minute(start, end))

    def due(self, start: datetime, minutes: int, pauses: list[tuple[datetime, datetime]], most: int) -> datetime | None:
        """None where it is later than so many minutes on."""
        for at in every_minute(start, start + most * MINUTE):
            if minutes == 0 and self.open(at):
                return at
            minutes -= self._counts(at, pauses) if minutes else 0
            if minutes == 0 and self._counts(at, pauses):
                return at + MINUTE
        return None

    def back(self, start: datetime, minutes: int, most: int) -> datetime | None:
        for step in range(1, most):
            minutes -= self.open(start - step * MINUTE)
            if minutes == 0:
                return start - step * MINUTE
        return None

    def _counts(self, at: datetime, pauses: list[tuple[datetime, datetime]]) -> bool:
        return self.open(at) and not any(begin <= at < end for begin, end in pauses)

    def _of(self, day: date) -> tuple[set[int], set[int]]:
        if day not in self._days:
            self._days[day] = _minutes(self._times(day)), _minutes(self.fields.get("breaks", {}).get(str(day), []))
        return self._days[day]

    def _times(self, day: date) -> list[list[str]]:
        fields = self.fields
        if str(day) in fields.get("closed", []) or f"{day:%m-%d}" in fields.get("closed_yearly", []):
            return []
        times: list[list[str]] = fields.get("special", {}).get(str(day), fields["week"].get(WEEK[day.weekday()], []))
        return times


def every_minute(start: datetime, end: datetime) -> list[datetime]:
    return [start + number * MINUTE for number in range(int((end - start) / MINUTE))]


def _minutes(times: list[list[str]]) -> set[int]:
    return {minute for begin, end in times for minute in range(_minute(begin), _minute(end))}


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
