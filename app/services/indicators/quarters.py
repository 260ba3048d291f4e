"""A quarter, written 2026Q4, in the hospital's zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.errors import Missing

_FORM = re.compile("(20[0-9]{2}|21[0-9]{2})Q([1-4])")


@dataclass(frozen=True)
class Quarter:
    year: int
    number: int

    @classmethod
    def read(cls, text: str) -> "Quarter":
        """Raises Missing."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise Missing("no_such_quarter")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def at(cls, day: date) -> "Quarter":
        return cls(day.year, (day.month + 2) // 3)

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        return self.after.first - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.after.first - self.first).days

    @property
    def after(self) -> "Quarter":
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def before(self) -> "Quarter":
        return Quarter(self.year - (self.number == 1), (self.number + 2) % 4 + 1)

    def begins(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.first, time(), tzinfo=zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        return self.after.begins(zone)

    def known_from(self, zone: ZoneInfo, window: timedelta) -> datetime:
        """By then all is known that counts for it: `window` is how long one can rate."""
        return self.ends(zone) + window

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"
