"""Which limits a completion kept, by config/sla.toml and config/holidays.toml alone: opening hours as spans.

It knows what the shipped file uses: open time in minutes or hours, and one working day.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.paths import ROOT

ENDS = {
    "dispatch": {"dispatched", "accepted", "arrived", "finished", "closed"},
    "response": {"accepted", "arrived", "finished", "closed"},
    "arrival": {"arrived"},
    "solution": {"finished", "closed"},
}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES = {"m": 1, "h": 60}


class Clock:
    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.levels = tomllib.loads((ROOT / "config" / "sla.toml").read_text("utf-8"))
        years = tomllib.loads((ROOT / "config" / "holidays.toml").read_text("utf-8"))["years"]
        self.off = {day for year in years.values() for day in year["off"]}
        self.work = {day for year in years.values() for day in year["work"]}

    def clinical(self, code: str) -> bool:
        codes = self.levels["department_types"]["clinical"]
        return any(code.startswith(one[:-1]) if one.endswith("*") else code == one for one in codes)

    def kept(self, priority: int, department: str, events: list[Mapping[str, Any]]) -> dict[str, bool | None]:
        """Of a cycle whose events stand in order, none of them a pause.

        A log may tell when its ticket was reported, and with its last nodes when the work was finished.
        """
        assert not [event for event in events if event["kind"] == "paused"]
        moves = [event for event in events if event["state"]]
        began, limits = moves[0]["at"], self._limits(priority, department)
        if moves[0]["cycle"] == 1 and (said := told(moves[0], "reported_at")):
            began = said
        moments = [(event["state"], event["at"]) for event in moves]
        for event in moves:
            said = told(event, "finished_at") if event["state"] in ENDS["solution"] else None
            if said and began <= said <= event["at"]:
                moments.append(("finished", said))
        found: dict[str, bool | None] = {"urgent": priority in {1, 2} and self.clinical(department)}
        for name, states in ENDS.items():
            done = min((at for state, at in moments if state in states), default=None)
            found[name] = None if done is None else self._in_time(limits["calendar"], limits[name], began, done)
        return found

    def _limits(self, priority: int, department: str) -> Mapping[str, Any]:
        for limits in self.levels["versions"][0]["limits"]:
            types = limits.get("departments", [])
            if priority in limits.get("priorities", [priority]) and (not types or self.clinical(department)):
                found: Mapping[str, Any] = limits
                return found
        raise AssertionError("the last fits all")

    def _in_time(self, calendar: str, limit: str, began: datetime, done: datetime) -> bool:
        if limit == "1wd":
            return done <= self._next_day(calendar, began)
        allowed = timedelta(minutes=int(limit[:-1]) * MINUTES[limit[-1]])
        # What is due with the closing is due then, not at any moment until the next opening.
        return self._open(calendar, began, done - timedelta(seconds=1)) < allowed

    def _open(self, calendar: str, start: datetime, end: datetime) -> timedelta:
        total, day = timedelta(), start.astimezone(self.zone).date()
        while day <= end.astimezone(self.zone).date():
            for begin, stop in self._spans(calendar, day):
                total += max(timedelta(), min(stop, end) - max(begin, start))
            day += timedelta(days=1)
        return total

    def _next_day(self, calendar: str, began: datetime) -> datetime:
        """The same time of day a working day after the first open moment."""
        first = self._first_open(calendar, began)
        day = first.astimezone(self.zone).date() + timedelta(days=1)
        while not self._spans(calendar, day):
            day += timedelta(days=1)
        return self._first_open(calendar, datetime.combine(day, first.astimezone(self.zone).time(), tzinfo=self.zone))

    def _first_open(self, calendar: str, at: datetime) -> datetime:
        day = at.astimezone(self.zone).date()
        while True:
            for begin, stop in self._spans(calendar, day):
                if at < stop:
                    return max(at, begin)
            day += timedelta(days=1)

    def _spans(self, calendar: str, day: date) -> list[tuple[datetime, datetime]]:
        hours = self.levels["calendars"][calendar]
        like = WEEK[day.weekday()]
        if hours.get("holidays"):
            if day in self.off:
                return []
            like = hours["swapped"] if day in self.work else like
        midnight = datetime.combine(day, time(), tzinfo=self.zone)
        return [tuple(midnight + _of_day(text) for text in span.split("-")) for span in hours.get(like, [])]  # type: ignore[misc]


def _of_day(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def told(event: Mapping[str, Any], name: str) -> datetime | None:
    said = (event["data"] or {}).get(name)
    return datetime.fromisoformat(said) if said else None
