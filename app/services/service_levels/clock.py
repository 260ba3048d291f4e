"""A ticket's clocks, from its events alone: by when what was due, what was kept, and what its clock did all the time.

The limits are those agreed for the day of the report, its contract, priority, department and campus; the counting
is `supervision/`'s, so that page, sheet and an auditor's own program show the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import Campus, Department, Event, IncidentChild, Ticket
from app.pagination import Line, Query
from app.services.service_levels import agreed, calendars, contracts
from app.services.service_levels.calendars import Hours
from app.services.service_levels.contracts import Scopes
from config.sla import Limits, ServiceLevels, Version, service_levels
from supervision.clock import Limit, Pause, Stretch, left, reading, stretches

# What ends the wait for each, the earliest of them: who arrives has answered.
ENDS = {
    "dispatch": ("dispatched", "accepted", "arrived", "finished", "closed"),
    "response": ("accepted", "arrived", "finished", "closed"),
    "arrival": ("arrived",),
    "solution": ("finished", "closed"),
}
PAUSES = ("paused", "resumed")
WAITS = ("paused", "recorded")  # after these its clock may stand
SOON = timedelta(minutes=15)
Urgency = Literal["over", "soon", "calm", "none"]
OVER = ("finished", "closed", "cancelled")


@dataclass(frozen=True)
class Mark:
    """One limit of a cycle. `kept` is None while that is open, or where it never came to it."""

    name: str
    limit: str
    due: datetime | None
    reached: datetime | None
    kept: bool | None
    left: timedelta | None
    waits_for: str = ""
    """Its clock stands, for this reason."""

    @property
    def stands(self) -> bool:
        return bool(self.waits_for)

    @property
    def missed(self) -> bool:
        return self.kept is False


def urgency(left: timedelta | None) -> Urgency:
    """How a page shows what is left: none where there is no limit."""
    if left is None:
        return "none"
    if left <= timedelta():
        return "over"
    return "soon" if left <= SOON else "calm"


@dataclass(frozen=True)
class CycleClock:
    """All limits of one cycle, and every interval of its clock."""

    cycle: int
    version: str
    calendar: str
    marks: Sequence[Mark]
    stretches: Sequence[Stretch]
    running: bool
    provisional: bool


@dataclass(frozen=True)
class Course:
    """A cycle as its events tell it: when it began, when it first came to each state, what it waited for."""

    cycle: int
    began: datetime
    reached: Mapping[str, datetime]
    pauses: Sequence[Pause]
    imported: bool = False

    def reached_at(self, name: str) -> datetime | None:
        return min((self.reached[state] for state in ENDS[name] if state in self.reached), default=None)

    @property
    def paused(self) -> bool:
        """It waits without an end; what is over waits no more."""
        return any(pause.end is None for pause in self.pauses)

    def wait(self, at: datetime) -> Pause | None:
        """What it waits for at this moment, if it does."""
        lasts = (pause for pause in self.pauses if pause.begin <= at and (pause.end is None or at < pause.end))
        return next(lasts, None)

    @property
    def over(self) -> datetime | None:
        return min((self.reached[state] for state in OVER if state in self.reached), default=None)


@dataclass(frozen=True)
class Rules:
    """What limits are read with: the hours as they are known, and what the contracts cover."""

    hours: Hours
    scopes: Scopes
    levels: ServiceLevels

    @classmethod
    def load(cls, session: Session, zone: ZoneInfo) -> "Rules":
        return cls.under(session, agreed.levels(session), zone)

    @classmethod
    def under(cls, session: Session, levels: ServiceLevels, zone: ZoneInfo) -> "Rules":
        return cls(calendars.hours(session, zone), contracts.scopes(session, levels), levels)

    def version(self, course: Course, codes: "Codes") -> Version | None:
        day = course.began.astimezone(self.hours.zone).date()
        return self.levels.version(day, self.scopes.contract(codes.category_id, codes.campus, day))

    def limits(self, course: Course, codes: "Codes") -> Limits | None:
        return _fitting(self.version(course, codes), codes)


@dataclass(frozen=True)
class Codes:
    """What decides about a ticket's limits: its priority and category, the codes of department and campus."""

    priority: int
    department: str | None
    campus: str | None
    category_id: int | None = None

    @classmethod
    def from_row(cls, row: Line) -> "Codes":
        return cls(row.priority, row.department_code, row.campus_code, row.category_id)


def solution_due(session: Session, ticket: Ticket, *, zone: ZoneInfo) -> datetime | None:
    """By when its present cycle should be solved, as its events stand; none while its clock is paused.

    What is stored of it is a copy, for the index the warnings are found by: `due_moments` proves it. What was imported
    has none, so that nobody is rung up for it.
    """
    session.flush()
    course = courses(session, ticket.id)[-1]
    return stored_due(course, _codes(session, ticket), Rules.load(session, zone))


def stored_due(course: Course, codes: Codes, rules: Rules) -> datetime | None:
    limits = rules.limits(course, codes)
    if limits is None or course.paused or course.imported:
        return None
    return due(limits, course.began, course.pauses, hours=rules.hours)


def _codes(session: Session, ticket: Ticket) -> Codes:
    department = session.get(Department, ticket.department_id) if ticket.department_id else None
    campus = session.get(Campus, department.campus_id) if department and department.campus_id else None
    codes = (department.code if department else None, campus.code if campus else None)
    return Codes(ticket.priority, *codes, ticket.category_id)


def limits_of(codes: Codes, *, began: datetime, zone: ZoneInfo) -> Limits | None:
    """Those of the version for all that stood on the day of the report."""
    return _fitting(service_levels().version(began.astimezone(zone).date()), codes)


def _fitting(version: Version | None, codes: Codes) -> Limits | None:
    kind = service_levels().type_of(codes.department)
    fitting = version.limits if version else []
    return next((one for one in fitting if one.fits(codes.priority, kind, codes.campus)), None)


def due(limits: Limits, began: datetime, pauses: Sequence[Pause], *, hours: Hours) -> datetime | None:
    calendar = hours.calendar(limits.calendar)
    return reading(calendar, Limit.read(limits.solution), began, at=began, done=None, pauses=pauses).due


def marks(
    session: Session, tickets: Sequence[Line], *names: str, zone: ZoneInfo, at: datetime
) -> dict[int, dict[str, Mark]]:
    """These limits of each ticket's last cycle, by its id, in one statement for the events of all of them.

    A row has what `coded` gives it; without a limit for its day it is left out.
    """
    courses_of, rules = last_courses(session, tickets), Rules.load(session, zone)
    found = {}
    for ticket in tickets:
        course = courses_of.get(ticket.id)
        if course is not None and (limits := rules.limits(course, Codes.from_row(ticket))):
            found[ticket.id] = {name: _mark(course, name, limits, rules.hours, at) for name in names}
    return found


def coded(tickets: Query) -> Query:
    """Their rows as `marks` reads them: with what decides about each ticket's limits."""
    codes = (Department.code.label("department_code"), Campus.code.label("campus_code"))
    return (
        tickets.add_columns(Ticket.id, Ticket.priority, Ticket.category_id, *codes)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Campus, Campus.id == Department.campus_id)
    )


def all_courses(session: Session, ticket_ids: Sequence[int]) -> dict[int, list[Course]]:
    """Every cycle of each ticket, by its id, in one statement."""
    return _courses(session, ticket_ids)


def department_type(codes: Codes) -> str | None:
    return service_levels().type_of(codes.department)


def last_courses(session: Session, tickets: Sequence[Line]) -> dict[int, Course]:
    """The last cycle of each, by its id."""
    return {ticket_id: cycles[-1] for ticket_id, cycles in _courses(session, [row.id for row in tickets]).items()}


def of_ticket(session: Session, ticket: Ticket, *, zone: ZoneInfo, at: datetime) -> list[CycleClock]:
    """The clocks of its cycles, the latest first: a reopened ticket starts a new one and keeps the old."""
    codes, rules = _codes(session, ticket), Rules.load(session, zone)
    found = []
    follows = session.get(IncidentChild, ticket.id) is not None  # its first cycle is counted with its parent's
    for course in courses(session, ticket.id)[1 if follows else 0 :]:
        version, limits = rules.version(course, codes), rules.limits(course, codes)
        if version is not None and limits is not None:
            found.append(clock(course, version.name, limits, hours=rules.hours, at=at))
    return found[::-1]


def clock(course: Course, version: str, limits: Limits, *, hours: Hours, at: datetime) -> CycleClock:
    end = course.over or at
    marks = [_mark(course, name, limits, hours, at) for name in ENDS]
    last = max([end, *(mark.due for mark in marks if mark.due)])
    days = (moment.astimezone(hours.zone).date() for moment in (course.began, last))
    return CycleClock(
        cycle=course.cycle,
        version=version,
        calendar=limits.calendar,
        marks=marks,
        stretches=stretches(hours.calendar(limits.calendar), course.began, end, course.pauses),
        running=course.over is None,
        provisional=hours.is_provisional(limits.calendar, *days),
    )


def courses(session: Session, ticket_id: int) -> list[Course]:
    """Of a ticket, cycle by cycle."""
    return _courses(session, [ticket_id]).get(ticket_id, [])


def _courses(session: Session, ticket_ids: Sequence[int]) -> dict[int, list[Course]]:
    query = select(Event.ticket_id, Event.cycle, Event.kind, Event.state, Event.at, Event.data, Event.channel).where(
        Event.ticket_id.in_(ticket_ids), or_(Event.state.is_not(None), Event.kind.in_(PAUSES))
    )
    found: dict[int, list[Course]] = {}
    rows = session.execute(query.order_by(Event.ticket_id, Event.cycle, Event.at, Event.id)).all()
    for (ticket_id, cycle), events in groupby(rows, lambda row: row[:2]):
        found.setdefault(ticket_id, []).append(_course(cycle, list(events)))
    return found


def _course(cycle: int, events: Sequence[Line]) -> Course:
    began, reached = _began(cycle, events[0]), dict[str, datetime]()
    for event in events:
        if event.kind == "declined":
            reached.pop("dispatched", None)  # nobody was given it, as it turned out
        if event.state:
            reached.setdefault(event.state, event.at)
        if (finished := _finished_at(event, began)) is not None:
            reached["finished"] = finished
    return Course(cycle, began, reached, list(_pauses(events)), imported=events[0].channel == "import")


def _began(cycle: int, first: Line) -> datetime:
    """With the report; a log may tell when that was, whenever its first node is."""
    reported = (first.data or {}).get("reported_at")
    return datetime.fromisoformat(reported) if reported and cycle == 1 else first.at


def _finished_at(event: Line, began: datetime) -> datetime | None:
    """When the work was finished as a node of a log tells it, where that can be this cycle's."""
    stated = (event.data or {}).get("finished_at") if event.state in ENDS["solution"] else None
    finished = datetime.fromisoformat(stated) if stated else None
    return finished if finished and began <= finished <= event.at else None


def _pauses(events: Sequence[Line]) -> Iterator[Pause]:
    """Each ends by itself at the end it was given, or with the next node of its log; with the work at the latest."""
    begun: Line | None = None
    for event in events:
        if begun is not None and (event.kind in (*PAUSES, "recorded") or event.state in OVER):
            yield _pause(begun, event.at)
            begun = None
        if waits_for(event.kind, event.data):
            begun = event
    if begun is not None:
        yield _pause(begun, None)


def _pause(begun: Line, ended: datetime | None) -> Pause:
    until = planned_end(begun.data)
    known = [end for end in (ended, until) if end is not None]
    return Pause(begun.at, min(known, default=None), waits_for(begun.kind, begun.data) or "")


def waits_for(kind: str, data: Mapping[str, Any] | None) -> str | None:
    """The reason why the clock stands from this event on; a node of an imported log has one where its profile says."""
    return (data or {}).get("reason") if kind in WAITS else None


def planned_end(paused: Mapping[str, Any]) -> datetime | None:
    """When a pause ends by itself, as its event says; what was paused before there was an end has none."""
    return datetime.fromisoformat(paused["until"]) if "until" in paused else None


def _mark(course: Course, name: str, limits: Limits, hours: Hours, at: datetime) -> Mark:
    """Pauses move the solution alone. What the cycle was over without is open for ever: nobody came, it was remote."""
    text = getattr(limits, name)
    calendar = hours.calendar(limits.calendar)
    pauses = course.pauses if name == "solution" else ()
    done, over = course.reached_at(name), course.over
    found = reading(calendar, Limit.read(text), course.began, at=over or at, done=done, pauses=pauses)
    never = done is None and over is not None
    now = done or over or at
    wait = course.wait(at) if name == "solution" and done is None and over is None else None
    return Mark(
        name=name,
        limit=text,
        due=found.due,
        reached=done,
        kept=None if never else found.kept,
        left=None if never or found.due is None else left(calendar, found.due, now, pauses),
        waits_for=wait.reason if wait else "",
    )
