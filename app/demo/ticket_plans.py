"""What was to happen to each ticket: two quarters of ordinary days, and the tickets told one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.demo.hospital_file import Service, telling
from app.demo.people import Colleague, Crew
from app.demo.places import WARD, Ward
from app.demo.seeded_random import Dice

TICKETS = 2_400
DAYS = 184
_HOURS = (0.3, 0.2, 0.2, 0.2, 0.2, 0.3, 0.8, 3, 10, 12, 11, 7, 3, 6, 10, 10, 8, 5, 2, 1.5, 1.5, 1, 0.7, 0.5)
_WEEKDAYS = (1.15, 1, 1, 1, 0.95, 0.4, 0.3)
_SOURCES = {"phone": 46, "wechat": 36, "walk_in": 7, "desk": 4, "monitoring": 4, "inspection": 3}
_UNSERVED = {"monitoring", "inspection"}
_PRIORITIES = {1: 2, 2: 13, 3: 70, 4: 15}


@dataclass(frozen=True)
class Step:
    """A move, or an urge, at its moment. `lead` and `helpers` are the dispatch's."""

    verb: str
    at: datetime
    lead: int = 0
    helpers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """One ticket from report to end. Steps later than now are yet to come and are not written."""

    reported_at: datetime
    source: str
    ward: Ward
    place_id: int | None
    category_id: int
    description: str
    priority: int
    requester: Colleague | None
    whole_ward: bool
    desk: int
    steps: tuple[Step, ...]
    answered: bool | None = None  # by who asked for it; None: whoever of the served feels like it


@dataclass
class Planner:
    """Draws plans for this hospital, these people, up to this moment."""

    dice: Dice
    zone: ZoneInfo
    at: datetime
    wards: dict[str, Ward]
    colleagues: dict[int, list[Colleague]]
    categories: dict[str, int]
    crew: Crew
    engineer: int  # the one whose phone the sandbox has
    _calls: dict[Ward, float] = field(init=False)
    _kinds: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._calls = {ward: ward.calls for ward in self.wards.values()}
        self._kinds = {code: service.calls for code, service in telling().services.items()}

    def all(self) -> list[Plan]:
        """Every plan, in the order the tickets were reported."""
        ordinary = [self._ordinary(moment) for moment in self._moments()]
        return sorted([*ordinary, *self._scripted()], key=lambda plan: plan.reported_at)

    def _moments(self) -> Iterator[datetime]:
        today = self.at.astimezone(self.zone).date()
        days = [today - timedelta(days=back) for back in range(DAYS)]
        busy = {day: _WEEKDAYS[day.weekday()] for day in days}
        for _ in range(TICKETS):
            hour = self.dice.choices(range(24), _HOURS)[0]
            clock = time(hour, self.dice.randrange(60), self.dice.randrange(60), tzinfo=self.zone)
            moment = datetime.combine(self.dice.one(busy), clock)
            # The last minutes belong to the tickets of today, which are told one by one.
            if moment < self.at - timedelta(minutes=10):
                yield moment

    def _ordinary(self, reported_at: datetime) -> Plan:
        dice = self.dice
        ward, code, source = dice.one(self._calls), dice.one(self._kinds), dice.one(_SOURCES)
        service = telling().services[code]
        served = source not in _UNSERVED
        return Plan(
            reported_at=reported_at,
            source=source,
            ward=ward,
            place_id=dice.choice(ward.places) if dice.happens(0.8) else None,
            category_id=self.categories[code],
            description=dice.choice(service.faults),
            priority=dice.one(_PRIORITIES),
            requester=dice.choice(self.colleagues[ward.id]) if served else None,
            whole_ward=dice.happens(0.2),
            desk=dice.choice(self.crew.desks),
            steps=tuple(self._course(reported_at, service, served=served)),
        )

    def _course(self, at: datetime, service: Service, *, served: bool) -> Iterator[Step]:
        dice = self.dice
        engineers = self.crew.engineers[service.team]
        if dice.happens(0.02):
            yield Step("cancelled", at + dice.minutes(2, 10, 60))
            return
        lead = dice.choice(engineers)
        at += dice.minutes(0.5, 3, 25)
        yield Step("dispatched", at, lead, self._helpers(lead))
        if dice.happens(0.01):
            yield Step("cancelled", at + dice.minutes(5, 15, 60))
            return
        if dice.happens(0.05) and len(engineers) > 1:
            at += dice.minutes(5, 12, 40)
            lead = dice.choice([other for other in engineers if other != lead])
            yield Step("dispatched", at, lead, self._helpers(lead))
        if served and dice.happens(0.04):
            at += dice.minutes(12, 25, 70)
            yield Step("urged", at)
        for step in self._work(at, remote=dice.happens(service.remote)):
            yield step
            at = step.at
        if served and dice.happens(0.04):
            at += dice.minutes(8, 45, 500)
            yield Step("reopened", at)
            for step in self._work(at, remote=False):
                yield step
                at = step.at
        yield Step("closed", self._next_morning(at))

    def _helpers(self, lead: int) -> tuple[int, ...]:
        if not self.dice.happens(0.1):
            return ()
        others = [person for team in self.crew.engineers.values() for person in team if person != lead]
        return tuple(sorted(self.dice.some(others, 2)))

    def _work(self, at: datetime, *, remote: bool) -> Iterator[Step]:
        at += self.dice.minutes(0.5, 3, 15)
        yield Step("accepted", at)
        if not remote:
            at += self.dice.minutes(3, 12, 45)
            yield Step("arrived", at)
        at += self.dice.minutes(3, 8, 40) if remote else self.dice.minutes(5, 25, 150)
        yield Step("finished", at)

    def _next_morning(self, at: datetime) -> datetime:
        day = at.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(day, time(9, tzinfo=self.zone)) + self.dice.minutes(0, 30, 150)

    def _scripted(self) -> Iterator[Plan]:
        for one in _SCRIPT:
            yield self._plan_of(one)

    def _plan_of(self, one: "ScriptedTicket") -> Plan:
        ward = self.wards[one.ward]
        service = telling().services[one.service]
        lead = self.engineer if one.lead else self.crew.engineers[service.team][-1]
        steps, at = [], self.at - timedelta(minutes=one.ago)
        for verb, minutes in one.steps:
            at += timedelta(minutes=minutes)
            steps.append(Step(verb, at, lead))
        return Plan(
            reported_at=self.at - timedelta(minutes=one.ago),
            source=one.source,
            ward=ward,
            place_id=ward.places[0],
            category_id=self.categories[one.service],
            description=service.faults[one.fault],
            priority=one.priority,
            requester=None if one.source in _UNSERVED else self.colleagues[ward.id][one.who],
            whole_ward=one.whole_ward,
            desk=self.crew.desks[1],
            steps=tuple(steps),
            answered=one.answered,
        )


@dataclass(frozen=True)
class ScriptedTicket:
    """Reported so many minutes ago, then each step so many minutes after the one before.

    `who` counts the department's people; in the nurse's ward she is the first. `lead`: the engineer played leads.
    """

    ago: int
    ward: str
    service: str
    steps: tuple[tuple[str, int], ...] = ()
    source: str = "phone"
    fault: int = 0
    who: int = 0
    priority: int = 3
    whole_ward: bool = False
    lead: bool = False
    answered: bool = False


_DAY = 24 * 60
_DONE = (("dispatched", 4), ("accepted", 3), ("arrived", 14), ("finished", 31))
_CLOSED = (*_DONE, ("closed", 1100))
_SCRIPT = (
    # what the nurse has rated: whatever day it is, she has receipts of every draw the demo plays
    ScriptedTicket(74 * _DAY, WARD, "printer", _CLOSED, answered=True),
    ScriptedTicket(51 * _DAY, WARD, "computer", _CLOSED, source="wechat", answered=True),
    ScriptedTicket(29 * _DAY, WARD, "emr", _CLOSED, answered=True),
    # finished and not yet rated: the nurse's own, and her ward's
    ScriptedTicket(190, WARD, "printer", _DONE, source="wechat"),
    ScriptedTicket(1500, WARD, "emr", (("dispatched", 3), ("accepted", 2), ("finished", 18)), lead=True),
    ScriptedTicket(2900, WARD, "nis", _CLOSED, lead=True, fault=1),
    ScriptedTicket(330, WARD, "wifi", _DONE, whole_ward=True, who=2),
    ScriptedTicket(1750, WARD, "computer", _DONE, whole_ward=True, who=3, fault=1),
    # and the stranger's, whose own rating counts once they are bound
    ScriptedTicket(215, WARD, "computer", _DONE, who=1),
    # on the engineer's phone: one to accept, one on the way, one at work, one back again
    ScriptedTicket(7, "0101", "his", (("dispatched", 3),), lead=True, priority=2, who=1),
    ScriptedTicket(34, "0103", "his", (("dispatched", 4), ("accepted", 3)), lead=True, fault=2),
    ScriptedTicket(
        58, "0302", "emr", (("dispatched", 5), ("accepted", 4), ("arrived", 16)), source="wechat", lead=True, fault=4
    ),
    ScriptedTicket(260, "0204", "emr", (*_DONE, ("reopened", 180)), source="wechat", lead=True),
    # at the desk: waiting to be dispatched
    ScriptedTicket(9, "1102", "printer", fault=1, who=2),
    ScriptedTicket(5, "0102", "kiosk", source="wechat", fault=1, who=1),
    ScriptedTicket(2, WARD, "scanner", source="wechat", priority=2),
    # under way with others
    ScriptedTicket(41, "0401", "lis", (("dispatched", 6), ("urged", 24)), who=2, fault=1),
    ScriptedTicket(75, "0305", "lan", (("dispatched", 2), ("accepted", 4), ("arrived", 11)), priority=1, who=1),
    ScriptedTicket(125, "0402", "pacs", (("dispatched", 8), ("accepted", 6), ("arrived", 20)), source="monitoring"),
    ScriptedTicket(150, "0501", "copy", (("dispatched", 9), ("cancelled", 22)), who=1),
)
