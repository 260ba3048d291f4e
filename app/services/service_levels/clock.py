"""A ticket's clocks, from its events alone: by when what was due, what was kept, and what its clock did all the time.

The limits are those of config/sla.toml for the day of the report, its priority, department and campus; the counting is
`supervision/`'s, so that page, sheet and an auditor's own program show the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import Campus, Department, Event, Ticket
from app.pagination import Line
from app.services.service_levels import calendars
from config.sla import Limits, service_levels
from supervision.clock import Limit, Pause, Stretch, left, reading, stretches

# What ends the wait for each, the earliest of them: who arrives has answered.
ENDS = {
    "dispatch": ("dispatched", "accepted", "arrived", "finished", "closed"),
    "response": ("accepted", "arrived", "finished", "closed"),
    "arrival": ("arrived",),
    "solution": ("finished", "closed"),
}
PAUSES = ("paused", "resumed")
OVER = ("finished", "closed", "cancelled")


@dataclass(frozen=True)
class Mark:
    """One limit of a cycle. `kept` is None while that is open, or where it never came to it."""

    name: str
    limit: str
    due: datetime | None
    done: datetime | None
    kept: bool | None
    left: timedelta | None
    stands: bool = False
    """Its clock is paused."""

    @property
    def missed(self) -> bool:
        return self.kept is False


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

    def done(self, name: str) -> datetime | None:
        return min((self.reached[state] for state in ENDS[name] if state in self.reached), default=None)

    @property
    def paused(self) -> bool:
        """It waits now; what is over waits no more."""
        return any(pause.end is None for pause in self.pauses)

    @property
    def over(self) -> datetime | None:
        return min((self.reached[state] for state in OVER if state in self.reached), default=None)


def solution_due(session: Session, ticket: Ticket, *, zone: ZoneInfo) -> datetime | None:
    """By when its present cycle should be solved, as its events stand; none while its clock is paused.

    What is stored of it is a copy, for the index the warnings are found by.
    """
    session.flush()
    course = courses(session, ticket.id)[-1]
    limits = limits_of(ticket.priority, *_place(session, ticket), began=course.began, zone=zone)
    if limits is None or course.paused:
        return None
    return due(limits, course.began, course.pauses, zone=zone)


def _place(session: Session, ticket: Ticket) -> tuple[str | None, str | None]:
    """The codes of department and campus."""
    department = session.get(Department, ticket.department_id) if ticket.department_id else None
    campus = session.get(Campus, department.campus_id) if department and department.campus_id else None
    return department.code if department else None, campus.code if campus else None


def limits_of(
    priority: int, department: str | None, campus: str | None, *, began: datetime, zone: ZoneInfo
) -> Limits | None:
    """By the codes of department and campus, those of the version that stood on the day of the report."""
    version = service_levels().version(began.astimezone(zone).date())
    kind = service_levels().type_of(department)
    fitting = version.limits if version else []
    return next((one for one in fitting if one.fits(priority, kind, campus)), None)


def due(limits: Limits, began: datetime, pauses: Sequence[Pause], *, zone: ZoneInfo) -> datetime | None:
    calendar = calendars.calendar(limits.calendar, zone.key)
    return reading(calendar, Limit.read(limits.solution), began, at=began, done=None, pauses=pauses).due


def solutions(session: Session, tickets: Sequence[Line], *, zone: ZoneInfo, at: datetime) -> dict[int, Mark]:
    """The solution limit of each ticket's last cycle, by its id, in one statement for all of them.

    A row has `id`, `priority`, `department_code` and `campus_code`; without a limit for its day it is left out.
    """
    courses_of = _courses(session, [row.id for row in tickets])
    found = {}
    for ticket in tickets:
        if ticket.id not in courses_of:
            continue
        course = courses_of[ticket.id][-1]
        codes = ticket.department_code, ticket.campus_code
        if limits := limits_of(ticket.priority, *codes, began=course.began, zone=zone):
            found[ticket.id] = _mark(course, "solution", limits, zone, at)
    return found


def of_ticket(session: Session, ticket: Ticket, *, zone: ZoneInfo, at: datetime) -> list[CycleClock]:
    """The clocks of its cycles, the latest first: a reopened ticket starts a new one and keeps the old."""
    department, campus = _place(session, ticket)
    found = []
    for course in courses(session, ticket.id):
        version = service_levels().version(course.began.astimezone(zone).date())
        limits = limits_of(ticket.priority, department, campus, began=course.began, zone=zone)
        if version is not None and limits is not None:
            found.append(clock(course, version.name, limits, zone=zone, at=at))
    return found[::-1]


def clock(course: Course, version: str, limits: Limits, *, zone: ZoneInfo, at: datetime) -> CycleClock:
    end = course.over or at
    marks = [_mark(course, name, limits, zone, at) for name in ENDS]
    last = max([end, *(mark.due for mark in marks if mark.due)])
    days = (moment.astimezone(zone).date() for moment in (course.began, last))
    return CycleClock(
        cycle=course.cycle,
        version=version,
        calendar=limits.calendar,
        marks=marks,
        stretches=stretches(calendars.calendar(limits.calendar, zone.key), course.began, end, course.pauses),
        running=course.over is None,
        provisional=calendars.is_provisional(limits.calendar, *days),
    )


def courses(session: Session, ticket_id: int) -> list[Course]:
    """Of a ticket, cycle by cycle."""
    return _courses(session, [ticket_id]).get(ticket_id, [])


def _courses(session: Session, ticket_ids: Sequence[int]) -> dict[int, list[Course]]:
    query = select(Event.ticket_id, Event.cycle, Event.kind, Event.state, Event.at, Event.data).where(
        Event.ticket_id.in_(ticket_ids), or_(Event.state.is_not(None), Event.kind.in_(PAUSES))
    )
    found: dict[int, list[Course]] = {}
    rows = session.execute(query.order_by(Event.ticket_id, Event.cycle, Event.at, Event.id)).all()
    for (ticket_id, cycle), events in groupby(rows, lambda row: row[:2]):
        found.setdefault(ticket_id, []).append(_course(cycle, list(events)))
    return found


def _course(cycle: int, events: Sequence[Line]) -> Course:
    reached: dict[str, datetime] = {}
    for event in events:
        if event.state:
            reached.setdefault(event.state, event.at)
    return Course(cycle, events[0].at, reached, list(_pauses(events)))


def _pauses(events: Sequence[Line]) -> Iterator[Pause]:
    """Each ends with the work at the latest."""
    begun: Line | None = None
    for event in events:
        if begun is not None and (event.kind == "resumed" or event.state in OVER):
            yield Pause(begun.at, event.at, begun.data["reason"])
            begun = None
        if event.kind == "paused":
            begun = event
    if begun is not None:
        yield Pause(begun.at, None, begun.data["reason"])


def _mark(course: Course, name: str, limits: Limits, zone: ZoneInfo, at: datetime) -> Mark:
    """Pauses move the solution alone. What the cycle was over without is open for ever: nobody came, it was remote."""
    text = getattr(limits, name)
    calendar = calendars.calendar(limits.calendar, zone.key)
    pauses = course.pauses if name == "solution" else ()
    done, over = course.done(name), course.over
    found = reading(calendar, Limit.read(text), course.began, at=over or at, done=done, pauses=pauses)
    never = done is None and over is not None
    now = done or over or at
    return Mark(
        name=name,
        limit=text,
        due=found.due,
        done=done,
        kept=None if never else found.kept,
        left=None if never or found.due is None else left(calendar, found.due, now, pauses),
        stands=name == "solution" and course.paused,
    )
