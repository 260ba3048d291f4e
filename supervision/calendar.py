"""When work is done: a zone, a week, and what differs from it; read once, then any moment is found by halving.

Decided here, and nowhere else:
* An interval is half open and belongs to the day of its beginning; 24:00 ends that day, what is later runs into the
  next one, also where the next one is closed. Intervals that overlap count once.
* `closed` and `closed_yearly` win over `special`, `special` replaces the week; `breaks` are taken out last, by the wall
  clock, so that one also cuts what has run over from the day before.
* Open is what a clock on the wall would show as open: an hour that summer time leaves out counts nothing, one that
  comes twice counts twice.
* An interval that ends before it begins counts nothing and is listed in `dirt`.
* A working day is one on which an interval begins that the breaks leave something of.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import accumulate
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEYS = frozenset({"tz", "week", "special", "breaks", "closed", "closed_yearly"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1) // TICK
DAY = 86_400 * SECOND
ZERO = EPOCH.toordinal()
RARE = 8 * 366  # days: 29 February may stay away for eight years
FIRST_YEAR, LAST_YEAR = date(2, 1, 1).toordinal(), date(9998, 1, 1).toordinal()

Span = tuple[int, int]
_TIME = re.compile("([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?")


class Malformed(Exception):
    """A calendar, a clock or a sheet that cannot be read: what stands where."""


def ticks(moment: datetime) -> int:
    return (moment - EPOCH) // TICK


def moment(ticks: int) -> datetime:
    return EPOCH + ticks * TICK


class Timeline:
    """Open spans in UTC with the open time up to the end of each; sure of what lies from `first` to `last`."""

    def __init__(self, days: Span, spans: Sequence[Span], distances: list[tuple[int, int, int]]) -> None:
        self.days = days
        self.first, self.last = ((day - ZERO) * DAY for day in days)
        self.distances = distances
        self.begins = [begin for begin, _ in spans]
        self.ends = [end for _, end in spans]
        self.after = list(accumulate(end - begin for begin, end in spans))

    def passed(self, at: int) -> int:
        """Open time since the first span began."""
        place = bisect_right(self.begins, at) - 1
        return self.after[place] - max(0, self.ends[place] - at) if place >= 0 else 0

    def reach(self, start: int, need: int) -> int | None:
        target = self.passed(start) + need
        place = bisect_left(self.after, target) if need else bisect_right(self.ends, start)
        if place == len(self.after):
            return None
        found = self.ends[place] - (self.after[place] - target) if need else max(start, self.begins[place])
        return found if found < self.last else None

    def came_from(self, start: int, need: int) -> int | None:
        target = self.passed(start) - need
        place = bisect_right(self.after, target) if need else bisect_right(self.begins, start) - 1
        if place < 0 or target < 0:
            return None
        found = self.ends[place] - (self.after[place] - target) if need else min(start, self.ends[place])
        return found if found >= self.first else None

    def spans(self, start: int, end: int) -> list[Span]:
        first, last = bisect_right(self.ends, start), bisect_left(self.begins, end)
        found = zip(self.begins[first:last], self.ends[first:last], strict=True)
        return [(max(start, begin), min(end, until)) for begin, until in found]


class Calendar:
    """Times inside are whole microseconds: since 1970 in UTC, or on the wall of the calendar's zone."""

    def __init__(self, fields: dict[str, Any]) -> None:
        if unknown := sorted(set(fields) - KEYS):
            raise Malformed(f"calendar: {unknown[0]} is not known")
        self.dirt: list[str] = []
        self.zone = _zone(fields.get("tz"))
        week = fields.get("week") or {}
        if unknown := sorted(set(week) - set(WEEK)):
            raise Malformed(f"calendar: {unknown[0]} is no day of the week")
        self._week = [self._times(week.get(day, ()), day) for day in WEEK]
        self._special = self._dated(fields, "special")
        self._closed = frozenset(map(_ordinal, fields.get("closed", ())))
        self._yearly = frozenset(_month_and_day(text) for text in fields.get("closed_yearly", ()))
        breaks = self._dated(fields, "breaks")
        self._breaks = merged(span for day, times in breaks.items() for span in _on(day, times))
        fixed = [*self._special, *self._closed, *breaks]
        self._fixed = min(fixed, default=ZERO), max(fixed, default=ZERO)
        ends = [end for times in [*self._week, *self._special.values()] for _, end in times]
        self._reach = (
            max(ends, default=0) // DAY + 2
        )  # days on which what began earlier, in another zone, is still open
        self._works: dict[int, bool] = {}
        self._laid: Timeline | None = None
        self._laying = Lock()

    def between(self, begin: int, end: int) -> int:
        """Open time from one moment to a later one."""
        laid = self._over(begin, end)
        return laid.passed(end) - laid.passed(begin)

    def reach(self, start: int, need: int) -> int | None:
        """The first moment at which so much open time has passed; None where that never comes."""
        laid = self._over(start, start)
        while (found := laid.reach(start, need)) is None:
            if not self._any_open(laid.days[1], 1):
                return None
            laid = self._cover(laid.days[0], 2 * laid.days[1] - laid.days[0])
        return found

    def came_from(self, start: int, need: int) -> int | None:
        """The last moment from which so much open time leads to `start`."""
        laid = self._over(start, start)
        while (found := laid.came_from(start, need)) is None:
            if not self._any_open(laid.days[0], -1):
                return None
            laid = self._cover(2 * laid.days[0] - laid.days[1], laid.days[1])
        return found

    def opens(self, at: int) -> bool:
        return bool(self.spans(at, at + 1))

    def spans(self, start: int, end: int) -> list[Span]:
        """The open spans between two moments, cut to them."""
        return self._over(start, end).spans(start, end)

    def own(self, day: int) -> list[Span]:
        """The spans that begin on a day (its ordinal), on the wall."""
        if not FIRST_YEAR <= day < LAST_YEAR or day in self._closed:
            return []
        times = self._special.get(day)
        if times is None:
            times = self._week[(day + 6) % 7]
        if not times or (self._yearly and _yearly(day) in self._yearly):
            return []
        spans = _on(day, times)
        return without(spans, self._breaks) if self._breaks else spans

    def next_working_day(self, day: int, step: int) -> int | None:
        """The next one in this direction, as far as anybody may have to look."""
        edge = max(day, self._fixed[1]) + RARE if step > 0 else min(day, self._fixed[0]) - RARE
        for other in range(day + step, edge, step):
            works = self._works.get(other)
            if works is None:
                works = self._works[other] = bool(self.own(other))
            if works:
                return other
        return None

    def wall(self, at: int) -> int:
        """What a clock on the wall shows then."""
        distances = self._over(at, at).distances
        return at + distances[bisect_right(distances, at, key=_begin) - 1][2]

    def in_utc(self, wall: int) -> int:
        """Of what the wall shows; the first where it shows it twice."""
        laid = self._laid
        if laid is not None and len(laid.distances) == 1 and laid.first <= wall < laid.last:
            return wall - laid.distances[0][2]
        return ticks(moment(wall).replace(tzinfo=self.zone))

    def _any_open(self, day: int, step: int) -> bool:
        return self.next_working_day(day, step) is not None

    def _over(self, first: int, last: int) -> Timeline:
        """Laid out over these moments, at least."""
        laid = self._laid
        if laid is not None and laid.first <= first and last < laid.last:
            return laid
        begin, end = first // DAY + ZERO - 40, last // DAY + ZERO + 400
        if laid is None:
            return self._cover(begin, end)
        known, size = laid.days, laid.days[1] - laid.days[0]  # by half at least, so that many small steps stay cheap
        return self._cover(
            min(begin, known[0] - size // 2) if begin < known[0] else known[0],
            max(end, known[1] + size // 2) if end > known[1] else known[1],
        )

    def _cover(self, first: int, last: int) -> Timeline:
        """Lay out the open spans of these days, and of all that were laid out before, in UTC.

        Threads share a calendar: one of them lays out at a time, so none puts back what another has widened.
        """
        with self._laying:
            first, last = max(first, FIRST_YEAR), min(last, LAST_YEAR)
            laid = self._laid
            if laid is not None:
                first, last = min(first, laid.days[0]), max(last, laid.days[1])
            if laid is None or (first, last) != laid.days:
                laid = self._laid = self._lay_out(first, last)
            return laid

    def _lay_out(self, first: int, last: int) -> Timeline:
        days = range(first - self._reach, last + 2)
        wall = merged(span for day in days for span in self.own(day))
        begins = [begin for begin, _ in wall]
        distances = self._offsets(days[0], days[-1])
        found = []
        for begin, end, offset in distances:
            place = max(0, bisect_right(begins, begin + offset) - 1)
            for opened, closed in wall[place : bisect_left(begins, end + offset)]:
                found.append((max(opened - offset, begin), min(closed - offset, end)))
        return Timeline((first, last), merged(span for span in found if span[0] < span[1]), distances)

    def _offsets(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Stretches of UTC in which the zone keeps its distance from it: begin, end, distance."""
        here = (first - ZERO - 1) * DAY
        found = []
        begin, offset = here, self._offset(here)
        for there in range(here + DAY, (last - ZERO + 2) * DAY, DAY):
            if (other := self._offset(there)) != offset:
                change = self._change(there - DAY, there)
                found.append((begin, change, offset))
                begin, offset = change, other
        return [*found, (begin, (last - ZERO + 2) * DAY, offset)]

    def _change(self, before: int, after: int) -> int:
        old = self._offset(before)
        while after - before > SECOND:
            middle = (before + after) // 2 // SECOND * SECOND
            before, after = (middle, after) if self._offset(middle) == old else (before, middle)
        return after

    def _offset(self, at: int) -> int:
        distance = self.zone.utcoffset(moment(at).astimezone(self.zone))
        return (distance or timedelta()) // TICK

    def _times(self, intervals: Iterable[Sequence[str]], where: str) -> list[Span]:
        found = [(_time(begin), _time(end)) for begin, end in map(_pair, intervals)]
        self.dirt += [f"{where}: {_clock(begin)} to {_clock(end)}" for begin, end in found if end < begin]
        return merged(span for span in found if span[0] < span[1])

    def _dated(self, fields: dict[str, Any], key: str) -> dict[int, list[Span]]:
        return {_ordinal(day): self._times(times, f"{key} {day}") for day, times in fields.get(key, {}).items()}


def _begin(stretch: tuple[int, int, int]) -> int:
    return stretch[0]


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, what overlaps or touches as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def without(spans: Iterable[Span], removed: Sequence[Span]) -> list[Span]:
    """What the second (in order, apart from each other) leave of the first."""
    found = []
    for begin, end in spans:
        here = begin
        for opened, closed in removed[bisect_left(removed, begin, key=lambda span: span[1]) :]:
            if opened >= end:
                break
            if opened > here:
                found.append((here, opened))
            here = max(here, closed)
        if here < end:
            found.append((here, end))
    return found


def _zone(name: object) -> tzinfo:
    if name == "UTC":
        return UTC  # also where the machine has no table of zones
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Malformed(f"calendar: {name} is no time zone that this machine knows") from None


def _on(day: int, times: Iterable[Span]) -> list[Span]:
    midnight = (day - ZERO) * DAY
    return [(midnight + begin, midnight + end) for begin, end in times]


def _pair(interval: Sequence[str]) -> tuple[str, str]:
    if isinstance(interval, str) or len(interval) != 2:
        raise Malformed(f"calendar: {interval} is no interval")
    return interval[0], interval[1]


def _time(text: str) -> int:
    found = _TIME.fullmatch(str(text))
    if not found:
        raise Malformed(f"calendar: {text} is no time of the day")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * SECOND


def _clock(time: int) -> str:
    return f"{time // SECOND // 3600:02}:{time // SECOND // 60 % 60:02}"


def _ordinal(text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal()
    except (TypeError, ValueError):
        raise Malformed(f"calendar: {text} is no date") from None


def _month_and_day(text: str) -> tuple[int, int]:
    day = date.fromordinal(_ordinal(f"2000-{text}"))
    return day.month, day.day


def _yearly(day: int) -> tuple[int, int]:
    found = date.fromordinal(day)
    return found.month, found.day
