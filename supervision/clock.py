"""The clock of a service level: one function for page, board, notice, sheet and import.

Decided here, and nowhere else:
* A limit is open time ("30m", "2h") or working days ("1wd"): the same time of day so many working days later, from the
  first open moment at or after the start, then the first open moment at or after that; "5wd end" is the closing of
  that day. Backwards (below 0) all of it mirrored.
* What is due exactly at closing is due at closing. No time at all is due at the first open moment, pauses or not.
* A pause counts as much as it meets open time, once where pauses overlap, and only from the start on. It moves what was
  due after its beginning by that much open time; a limit in working days too.
* A pause that ends before it begins counts nothing and is dirt; while one lasts, nothing is due.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

from supervision.calendar import DAY, TICK, ZERO, Calendar, Malformed, Span, merged, moment, ticks

_LASTS = ticks(datetime(9990, 1, 1, tzinfo=UTC))
_LIMIT = re.compile("([1-9][0-9]{0,4})(m|h|wd|wd end)")
State = Literal["ran", "paused", "closed"]


@dataclass(frozen=True)
class Limit:
    """Open time, or working days; of days, whether they end with the closing of the last."""

    time: timedelta = timedelta()
    days: int = 0
    to_end_of_day: bool = False

    @property
    def in_days(self) -> bool:
        return bool(self.days) or self.to_end_of_day

    @classmethod
    def read(cls, text: str) -> "Limit":
        found = _LIMIT.fullmatch(text)
        if not found:
            raise Malformed(f'{text} is no limit as "30m", "2h", "1wd" or "5wd end"')
        count, unit = int(found[1]), found[2]
        if unit.startswith("wd"):
            return cls(days=count, to_end_of_day=unit != "wd")
        return cls(time=timedelta(minutes=count) if unit == "m" else timedelta(hours=count))


@dataclass(frozen=True)
class Pause:
    """From, to (None: it lasts), and why."""

    begin: datetime
    end: datetime | None
    reason: str = ""

    @property
    def reversed(self) -> bool:
        return self.end is not None and self.end < self.begin

    def until(self, now: datetime, *, planned: bool) -> "Pause":
        """As it is known now: what lasts has lasted until now; a later end may be planned."""
        if self.end is None or (self.end > now and not planned):
            return replace(self, end=max(now, self.begin))
        return self


@dataclass(frozen=True)
class Stretch:
    begin: datetime
    end: datetime
    state: State
    reason: str = ""

    @property
    def time(self) -> timedelta:
        """On the wall; what counts of it is known by its state."""
        return self.end - self.begin


@dataclass(frozen=True)
class LimitState:
    """By when (None: never), and whether it was kept; None while that is open."""

    due: datetime | None
    kept: bool | None


def elapsed(calendar: Calendar, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
    """Open time that no pause took; nothing where the end is before the start."""
    if end <= start:
        return timedelta()
    begin, until = ticks(start), ticks(end)
    stopped = (calendar.between(*_cut(span, begin, until)) for span in _spans(pauses))
    return (calendar.between(begin, until) - sum(stopped)) * TICK


def paused(calendar: Calendar, pauses: Sequence[Pause], start: datetime, end: datetime) -> timedelta:
    """The open time that the pauses took."""
    return elapsed(calendar, start, end) - elapsed(calendar, start, end, pauses)


def due(calendar: Calendar, limit: Limit, start: datetime, pauses: Sequence[Pause] = ()) -> datetime | None:
    """By when; None where no such moment ever comes."""
    begin = ticks(start)
    found = _days_later(calendar, begin, limit) if limit.in_days else _later(calendar, begin, limit.time // TICK)
    forward = limit.days > 0 or limit.time > timedelta()
    for opened, closed in _spans(pauses) if forward else ():
        if found is None or opened >= found:
            break
        if closed == _LASTS:
            return None
        if length := calendar.between(max(opened, begin), max(closed, begin)):
            found = calendar.reach(found, length)
    return None if found is None else moment(found)


def back(calendar: Calendar, time: timedelta, start: datetime) -> datetime | None:
    """From when on so much open time leads to the start."""
    found = calendar.came_from(ticks(start), time // TICK)
    return None if found is None else moment(found)


def reading(
    calendar: Calendar,
    limit: Limit,
    start: datetime,
    *,
    at: datetime,
    done: datetime | None,
    pauses: Sequence[Pause] = (),
) -> LimitState:
    """Of a limit from its start: `done` when the act it waits for was done, `at` the moment it is looked at.

    A pause ends with the act at the latest; one that lasts is counted up to now.
    """
    now = at if done is None else done
    by = due(calendar, limit, start, [pause.until(now, planned=done is None) for pause in pauses])
    if by is None or now <= by:
        return LimitState(by, None if done is None else True)
    return LimitState(by, kept=False)


def left(calendar: Calendar, by: datetime, now: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
    """Open time until it is due, as if a pause that lasts ended now; below zero how much it is over."""
    if now > by:
        return -elapsed(calendar, by, now)
    return elapsed(calendar, now, by, [pause.until(now, planned=True) for pause in pauses])


def stretches(calendar: Calendar, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> list[Stretch]:
    """Every interval of a clock from its start to an end: it ran, it was paused and why, or all was closed."""
    found: list[Stretch] = []
    here = start
    ordered = sorted(pauses, key=lambda pause: pause.begin)
    for opened, closed in calendar.spans(ticks(start), ticks(end)) if start < end else []:
        begin, until = moment(opened), moment(closed)
        if here < begin:
            found.append(Stretch(here, begin, "closed"))
        found += _open_stretches(begin, until, ordered)
        here = until
    return [*found, Stretch(here, end, "closed")] if here < end else found


def faults(pauses: Iterable[Pause]) -> list[str]:
    """Why pauses are refused when they are recorded: `reversed`, `no_reason`, `overlap`."""
    known = sorted(pauses, key=lambda pause: pause.begin)
    found = ["no_reason" for pause in known if not pause.reason.strip()]
    forward = [pause for pause in known if not pause.reversed]
    found += ["reversed"] * (len(known) - len(forward))
    return found + ["overlap" for one, other in pairwise(forward) if one.end is None or other.begin < one.end]


def _open_stretches(begin: datetime, end: datetime, pauses: Iterable[Pause]) -> Iterator[Stretch]:
    here = begin
    for pause in pauses:
        opened, closed = max(pause.begin, here), end if pause.end is None else min(pause.end, end)
        if opened < closed:
            if here < opened:
                yield Stretch(here, opened, "ran")
            yield Stretch(opened, closed, "paused", pause.reason)
            here = closed
    if here < end:
        yield Stretch(here, end, "ran")


def _later(calendar: Calendar, start: int, time: int) -> int | None:
    return calendar.reach(start, time) if time >= 0 else calendar.came_from(start, -time)


def _days_later(calendar: Calendar, start: int, limit: Limit) -> int | None:
    step = -1 if limit.days < 0 else 1
    open_moment = calendar.reach if step > 0 else calendar.came_from
    base = open_moment(start, 0)
    if base is None:
        return None
    wall = calendar.wall(base)
    day: int | None = wall // DAY + ZERO
    for _ in range(abs(limit.days)):
        day = None if day is None else calendar.next_working_day(day, step)
    if day is None:
        return None
    if limit.to_end_of_day and (own := calendar.own(day)):
        return calendar.in_utc(own[-1][1])
    return open_moment(calendar.in_utc((day - ZERO) * DAY + wall % DAY), 0)


def _spans(pauses: Sequence[Pause]) -> list[Span]:
    """In order and apart from each other."""
    if not pauses:
        return []
    ends = ((ticks(pause.begin), _LASTS if pause.end is None else ticks(pause.end)) for pause in pauses)
    return merged((begin, end) for begin, end in ends if begin < end)


def _cut(span: Span, begin: int, end: int) -> Span:
    return min(max(span[0], begin), end), min(max(span[1], begin), end)
