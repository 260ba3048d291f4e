"""The live board: every open ticket with the time it has left, whom to telephone, who urges; the day in figures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Campus,
    Category,
    Completion,
    CountedRating,
    Department,
    IncidentChild,
    Person,
    Place,
    Provider,
    Rating,
    RatingCorrection,
    RatingExclusion,
    Team,
    Ticket,
)
from app.models.incident import follows_another
from app.models.rating import SATISFIED_FROM
from app.models.ticket import OPEN_STATES
from app.pagination import Line, Query
from app.services.service_levels import clock, escalation
from app.services.service_levels.clock import Mark, Urgency
from app.services.tickets import urges

MOST = 300  # lines; how many there are besides is said
_lead = aliased(Person)

Made = TypeVar("Made")


@dataclass(frozen=True)
class BoardFilter:
    """Which of the open tickets, and in which order: by the time they have left, or the newest first."""

    state: str = ""
    team_id: int | None = None
    campus_id: int | None = None
    provider_id: int | None = None
    newest_first: bool = False


@dataclass(frozen=True)
class BoardTicket:
    """One line. `left` is negative once the time for the solution is over; `waits_for` is why its clock stands."""

    ticket: Line
    left: timedelta | None
    waits_for: str
    urged_at: datetime | None
    unopened: Line | None
    unassigned: bool

    @property
    def urgency(self) -> Urgency:
        return clock.urgency(self.left)

    @property
    def alarm(self) -> bool:
        """Somebody has to act now: these come first."""
        return self.unassigned or self.urged_at is not None or self.unopened is not None or self.urgency == "over"

    @property
    def loud(self) -> bool:
        """May make a sound: an urge, and the most urgent priority."""
        return self.urged_at is not None or self.ticket.priority == 1


@dataclass(frozen=True)
class LiveBoard:
    """`solved` and `in_time`: today's completions that had a limit, and those of them that kept it."""

    rows: Sequence[BoardTicket]
    more: int
    states: Mapping[str, int]
    teams: Sequence[Line]
    campuses: Sequence[Line]
    providers: Sequence[Line]
    reported: int
    solved: int
    in_time: int


@dataclass(frozen=True)
class Satisfaction:
    """Of today's ratings, for the hospital alone."""

    rated: int
    satisfied: int


class Shared:
    """What one look at the database found, for all who ask the same until the version changes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._version: object = None
        self._kept: dict[object, Any] = {}

    def get(self, version: object, key: object, make: Callable[[], Made]) -> Made:
        """Who comes while it is made waits for it."""
        with self._lock:
            if version != self._version:
                self._version, self._kept = version, {}
            if key not in self._kept:
                self._kept[key] = make()
            made: Made = self._kept[key]
            return made


def load(session: Session, filters: BoardFilter, *, zone: ZoneInfo, at: datetime) -> LiveBoard:
    """All of it in a dozen statements, however many tickets are open; counted as on a ticket's own page."""
    tickets = session.execute(_open(filters).limit(MOST)).all()
    today = _midnight(at, zone)
    solved = session.execute(_solved(today)).all()
    clocks = clock.marks(session, [*tickets, *solved], "dispatch", "solution", zone=zone, at=at)
    urged = urges.standing(session)
    unopened = {row.ticket_id: row for row in escalation.red(session, at=at)}
    rows = [_line(one, clocks.get(one.id), urged.get(one.id), unopened.get(one.id)) for one in tickets]
    states = _states(session, filters)
    done = [clocks[one.id]["solution"] for one in solved if one.id in clocks]
    wanted_states = [filters.state] if filters.state else OPEN_STATES
    return LiveBoard(
        rows=rows if filters.newest_first else sorted(rows, key=_by_need),
        more=max(0, sum(states[state] for state in wanted_states) - MOST),
        states=states,
        teams=session.execute(select(Team.id, Team.name).order_by(Team.name)).all(),
        campuses=session.execute(select(Campus.id, Campus.name).order_by(Campus.name)).all(),
        providers=session.execute(select(Provider.id, Provider.name).order_by(Provider.name)).all(),
        reported=session.scalar(select(func.count()).select_from(Ticket).where(Ticket.reported_at >= today)) or 0,
        solved=sum(mark.kept is not None for mark in done),
        in_time=sum(mark.kept is True for mark in done),
    )


def satisfaction(session: Session, *, zone: ZoneInfo, at: datetime) -> Satisfaction:
    """Of the ratings that count, were given today and are not excluded; a correction is what its rater thinks.

    Those of one major incident are one event: what they say is their mean.
    """
    today = _midnight(at, zone)
    level = func.coalesce(RatingCorrection.level, Rating.level)
    one = (
        select(func.avg(level).label("level"))
        .select_from(Rating)
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .join(Completion, Completion.id == Rating.completion_id)
        .outerjoin(IncidentChild, (IncidentChild.ticket_id == Completion.ticket_id) & (Completion.cycle == 1))
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingExclusion, RatingExclusion.rating_id == Rating.id)
        .where(Rating.at >= today, RatingExclusion.rating_id.is_(None))
        .group_by(func.coalesce(-IncidentChild.incident_id, Rating.id))
        .subquery()
    )
    query = select(func.count(), func.coalesce(func.sum(case((one.c.level >= SATISFIED_FROM, 1), else_=0)), 0))
    rated, satisfied = session.execute(query.select_from(one)).one()
    return Satisfaction(rated, satisfied)


def _midnight(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _line(
    ticket: Line, marks: Mapping[str, Mark] | None, urged_at: datetime | None, unopened: Line | None
) -> BoardTicket:
    """What nobody was given in time, by the same limit as everywhere, is an alarm for as long as it stays so."""
    solution, dispatch = (marks["solution"], marks["dispatch"]) if marks else (None, None)
    return BoardTicket(
        ticket=ticket,
        left=solution.left if solution else None,
        waits_for=solution.waits_for if solution else "",
        urged_at=urged_at,
        unopened=unopened,
        unassigned=ticket.state == "reported" and (dispatch is None or dispatch.missed),
    )


def _states(session: Session, filters: BoardFilter) -> dict[str, int]:
    """How many stand in each open state, of those in the wanted places and hands."""
    query = select(Ticket.state, func.count()).where(Ticket.state.in_(OPEN_STATES), *_conditions(filters))
    counted: dict[str, int] = dict(session.execute(query.group_by(Ticket.state)).all())
    return {state: counted.get(state, 0) for state in OPEN_STATES}


def _conditions(filters: BoardFilter) -> Iterator[ColumnElement[bool]]:
    yield ~follows_another()
    if filters.team_id is not None:
        yield Ticket.team_id == filters.team_id
    if filters.provider_id is not None:
        yield Ticket.team_id.in_(select(Team.id).where(Team.provider_id == filters.provider_id))
    if filters.campus_id is not None:
        yield Ticket.department_id.in_(select(Department.id).where(Department.campus_id == filters.campus_id))


def _by_need(row: BoardTicket) -> tuple[bool, timedelta, int]:
    return not row.alarm, timedelta.max if row.left is None else row.left, row.ticket.priority


def _open(filters: BoardFilter) -> Query:
    shown = clock.coded(
        select(
            Ticket.number,
            Ticket.state,
            Ticket.reported_at,
            Ticket.description,
            Department.name.label("department"),
            Place.name.label("place"),
            Category.name.label("category"),
            Team.name.label("team"),
            _lead.name.label("lead"),
            _lead.telephone,
        )
    )
    query = (
        shown.outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
        .outerjoin(_lead, _lead.id == Ticket.lead_id)
        .where(Ticket.state == filters.state if filters.state else Ticket.state.in_(OPEN_STATES))
    )
    query = query.where(*_conditions(filters))
    if filters.newest_first:
        return query.order_by(Ticket.reported_at.desc(), Ticket.id.desc())
    return query.order_by(Ticket.due_at.is_(None), Ticket.due_at, Ticket.priority, Ticket.id)


def _solved(today: datetime) -> Query:
    this_cycle = (Completion.ticket_id == Ticket.id) & (Completion.cycle == Ticket.cycle)
    solved = select(Completion.finished_at).join(Ticket, this_cycle)
    return clock.coded(solved).where(Completion.finished_at >= today, ~follows_another())
