"""What an engineer and the provider's manager may know of ratings, and what would raise them (law 11).

A rating is settled a day after it counted, so that no correction comes later; what the hospital sets aside stays in,
and of a level nothing is erased: a figure, once shown, never moves back. Settled ratings are let out on Mondays alone,
in closed blocks of at least five, as a band of the shrunk rate (`supervision.release`). An engineer's ratings are
nobody else's, and a team shows how many of its engineers stand in which band: no more follows from all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.models import (
    CaseHandover,
    Completion,
    CompletionClock,
    CountedRating,
    Employment,
    Event,
    Person,
    Rating,
    RatingCorrection,
    RegisterRecord,
    RoleGrant,
    Team,
    Ticket,
)
from app.models.rating import SATISFIED_FROM
from app.models.ticket import OPEN_STATES
from app.services.indicators.quarters import Quarter
from app.services.organisation.directory import current_employment
from app.services.rollups.daily import LEVEL
from supervision.blocks import blocks, monday_after
from supervision.release import Shown, release

SETTLED = timedelta(days=1)
EARLIEST = timedelta(days=60)  # before the quarter: whoever is bound late makes such ratings count in it


@dataclass(frozen=True)
class Habit:
    """Something an engineer can do better, by their own records alone."""

    code: str
    good: int
    total: int

    @property
    def worst_first(self) -> float:
        return self.good / self.total


@dataclass(frozen=True)
class TeamFigures:
    name: str
    bands: Mapping[int, int]
    """So many engineers in each band."""
    waiting: int
    """Engineers of whom nothing can be shown yet."""
    answers: int
    completions: int


@dataclass(frozen=True)
class ToDo:
    """Of the provider's manager: each with how many, and where it is done."""

    plans: int
    overdue: int
    unaccepted: int
    records: int


@dataclass(frozen=True)
class Rated:
    """One rating: when it was settled, and whether its level is one of the upper two."""

    settled: datetime
    satisfied: bool


def of_engineers(
    session: Session, people: Collection[int], quarter: Quarter, *, zone: ZoneInfo, at: datetime
) -> dict[int, Shown]:
    """What is shown of each now; nobody of whom nothing is."""
    found: dict[int, Shown] = {}
    for person, rated in _rated(session, people, quarter, zone).items():
        shown = shown_at(rated, zone=zone, at=at)
        if shown:
            found[person] = shown
    return found


def shown_at(rated: Sequence[Rated], *, zone: ZoneInfo, at: datetime) -> Shown | None:
    """Of one engineer's ratings of a quarter, at a moment."""
    return next(iter([*release(_weekly(rated, zone, at))][-1:]), None)


def habits(session: Session, person_id: int, quarter: Quarter, *, zone: ZoneInfo) -> list[Habit]:
    """Of the engineer's completions of the quarter, what went least well first; nothing of it comes from a rating."""
    shown = select(Event.id).where(
        Event.ticket_id == Completion.ticket_id, Event.cycle == Completion.cycle, Event.kind == "shown"
    )
    parts = {
        "response": (CompletionClock.response.is_(True), CompletionClock.response.is_not(None)),
        "arrival": (CompletionClock.arrival.is_(True), CompletionClock.arrival.is_not(None)),
        "solution": (CompletionClock.solution.is_(True), CompletionClock.solution.is_not(None)),
        "fixed_at_once": (Ticket.cycle == Completion.cycle, Completion.id.is_not(None)),
        "shown": (and_(Completion.rateable, shown.exists()), Completion.rateable),
    }
    columns = [func.coalesce(func.sum(case((one, 1), else_=0)), 0) for pair in parts.values() for one in pair]
    query = (
        select(*columns)
        .select_from(Completion)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(CompletionClock, CompletionClock.completion_id == Completion.id)
        .where(Completion.lead_id == person_id)
        .where(Completion.finished_at >= quarter.begins(zone), Completion.finished_at < quarter.ends(zone))
    )
    counted = [int(one) for one in session.execute(query).one()]
    found = [Habit(code, counted[2 * n], counted[2 * n + 1]) for n, code in enumerate(parts)]
    return sorted((one for one in found if one.total), key=lambda one: (one.worst_first, one.code))


def teams(session: Session, provider_id: int, quarter: Quarter, *, zone: ZoneInfo, at: datetime) -> list[TeamFigures]:
    """The provider's teams, each by how many of its engineers stand in which band."""
    members = _members(session, provider_id, at.date())
    everybody = [person for people in members.values() for person in people]
    shown = of_engineers(session, everybody, quarter, zone=zone, at=at)
    done = _completions(session, everybody, quarter, zone)
    return [
        TeamFigures(
            name,
            Counter(shown[person].band for person in people if person in shown),
            sum(person not in shown for person in people),
            sum(shown[person].n for person in people if person in shown),
            sum(done[person] for person in people),
        )
        for name, people in sorted(members.items())
    ]


def to_do(session: Session, provider_id: int, *, at: datetime) -> ToDo:
    lead: Any = Ticket.lead_id
    job = current_employment(lead, at.date())
    own = select(Employment.id).where(Employment.id == job, Employment.provider_id == provider_id)
    still_open = (Ticket.state.in_(OPEN_STATES), own.exists())
    late = select(func.count()).select_from(Ticket).where(*still_open, Ticket.due_at < at)
    plans = select(func.count()).select_from(CaseHandover).where(CaseHandover.provider_id == provider_id)
    unaccepted = select(func.count()).select_from(Ticket).where(Ticket.state == "dispatched", own.exists())
    over = (RegisterRecord.closed.is_(False), RegisterRecord.due_on < at.date())
    records = select(func.count()).select_from(RegisterRecord).where(RegisterRecord.provider_id == provider_id, *over)
    return ToDo(
        session.scalar(plans.where(CaseHandover.plan == "")) or 0,
        session.scalar(late) or 0,
        session.scalar(unaccepted) or 0,
        session.scalar(records) or 0,
    )


def _rated(session: Session, people: Collection[int], quarter: Quarter, zone: ZoneInfo) -> dict[int, list[Rated]]:
    """What counted so that it is settled within the quarter, of each engineer."""
    begins, ends = quarter.begins(zone) - SETTLED, quarter.ends(zone) - SETTLED
    query = (
        select(Rating.lead_id, CountedRating.at, (LEVEL >= SATISFIED_FROM).label("satisfied"))
        .select_from(Rating)
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .where(Rating.lead_id.in_(people), Rating.at >= begins - EARLIEST, Rating.at < ends)
        .where(CountedRating.at >= begins, CountedRating.at < ends)
    )
    found: dict[Any, list[Rated]] = defaultdict(list)
    for lead, at, satisfied in session.execute(query):
        found[lead].append(Rated(at + SETTLED, bool(satisfied)))
    return found


def _weekly(rated: Sequence[Rated], zone: ZoneInfo, at: datetime) -> list[tuple[int, int]]:
    """The blocks let out until now, of (answers, satisfied); each on the Monday after its last rating was settled."""
    due = sorted((monday_after(one.settled, zone), one.satisfied) for one in rated)
    found, start = [], 0
    for block in blocks([monday for monday, _satisfied in due], at=at):
        inside = due[start : start + block.ratings]
        found.append((len(inside), sum(satisfied for _monday, satisfied in inside)))
        start += block.ratings
    return found


def _members(session: Session, provider_id: int, day: date) -> dict[str, list[int]]:
    query = (
        select(Person.id, func.coalesce(Team.name, "").label("team"))
        .select_from(Person)
        .join(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.role == "engineer"))
        .join(Employment, Employment.id == current_employment(Person.id, day))
        .outerjoin(Team, Team.id == Employment.team_id)
        .where(Employment.provider_id == provider_id)
    )
    found: dict[str, list[int]] = defaultdict(list)
    for person, team in session.execute(query.order_by(Person.id)):
        found[team].append(person)
    return found


def _completions(session: Session, people: Collection[int], quarter: Quarter, zone: ZoneInfo) -> Counter[int]:
    query = select(Completion.lead_id, func.count()).where(
        Completion.lead_id.in_(people),
        Completion.finished_at >= quarter.begins(zone),
        Completion.finished_at < quarter.ends(zone),
    )
    counted: Any = session.execute(query.group_by(Completion.lead_id)).all()
    return Counter(dict(counted))
