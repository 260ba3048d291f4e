"""Closed blocks: what the provider sees moves only with several ratings at once, so that none is read off a difference.

A block closes as soon as at least five new ratings have come and a week has passed since the last one closed; it takes
in all that came until then. What came later waits, however long.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

LEAST = 5
APART = timedelta(days=7)


def monday_after(moment: datetime, zone: ZoneInfo) -> datetime:
    """When what came then is let out: a block that closed as its last rating came would tell the hour of that one."""
    day = moment.astimezone(zone).date()
    return datetime.combine(day + timedelta(days=7 - day.weekday()), time(), tzinfo=zone)


@dataclass(frozen=True)
class Block:
    closed: datetime
    ratings: int


def blocks(times: Iterable[datetime], *, at: datetime, least: int = LEAST, apart: timedelta = APART) -> Iterator[Block]:
    """The blocks closed at a moment, the oldest first, of ratings given at these times."""
    waiting = sorted(moment for moment in times if moment <= at)
    earliest: datetime | None = None
    while len(waiting) >= least:
        closed = waiting[least - 1] if earliest is None else max(waiting[least - 1], earliest)
        if closed > at:
            return
        size = sum(moment <= closed for moment in waiting)
        yield Block(closed, size)
        waiting, earliest = waiting[size:], closed + apart
