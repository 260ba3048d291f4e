"""Closed blocks: what the provider sees moves only with several ratings at once, so that none is read off a difference.

A block closes as soon as at least five new ratings have come and a week has passed since the last one closed; it takes
in all that came until then. What came later waits, however long.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

LEAST = 5
APART = timedelta(days=7)


@dataclass(frozen=True)
class Block:
    closed: datetime
    ratings: int


def blocks(given: Iterable[datetime], *, at: datetime, least: int = LEAST, apart: timedelta = APART) -> Iterator[Block]:
    """The blocks closed at a moment, the oldest first, of ratings given at these times."""
    waiting = sorted(moment for moment in given if moment <= at)
    earliest: datetime | None = None
    while len(waiting) >= least:
        closed = waiting[least - 1] if earliest is None else max(waiting[least - 1], earliest)
        if closed > at:
            return
        taken = sum(moment <= closed for moment in waiting)
        yield Block(closed, taken)
        waiting, earliest = waiting[taken:], closed + apart


def together(
    given: Mapping[int, Iterable[datetime]], *, at: datetime, least: int = LEAST, apart: timedelta = APART
) -> datetime | None:
    """Up to when the ratings of several teams may be read side by side, beside their sum; None where nothing is.

    All move at once, at the end of a block of the sum, and only where each that moves has five new ones: else the
    difference of the sum and of what stood still would be somebody's. One block behind, as the sum is.
    """
    moments = {team: sorted(times) for team, times in given.items()}
    ends = [block.closed for block in blocks((one for times in moments.values() for one in times), at=at, apart=apart)]
    known: datetime | None = None
    for end in ends[:-1]:
        fresh = (sum(known is None or one > known for one in times if one <= end) for times in moments.values())
        if all(many == 0 or many >= least for many in fresh):
            known = end
    return known
