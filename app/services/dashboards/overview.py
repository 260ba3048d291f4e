"""The overview: what is open, what waits, what went wrong. Counts of few rows by index, never of everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Category,
    CountedRating,
    Department,
    ErasureRequest,
    Event,
    IdentityClaim,
    Notice,
    Person,
    Rating,
    RatingDetail,
    Ticket,
)
from app.models.kinds import PROVIDER_SEES_NOTICES
from app.models.rating import LOW_LEVELS
from app.models.ticket import OPEN_STATES
from app.pagination import Line, Query
from app.services.cases import search as cases

LOW_SCORES_OF = timedelta(days=30)
FAILURES_OF = timedelta(days=7)
SAID_WITHIN = timedelta(days=1)
WAITING = ("reported", "reopened")
DONE = ("closed", "cancelled")
SHOWN = 20


@dataclass(frozen=True)
class Board:
    """For everybody at the console."""

    states: Mapping[str, int]
    waiting: Sequence[Line]
    failed_notices: int
    strangers: Sequence[str]
    """Tickets of which somebody bound to nobody says that they wait, or that it is still broken: it rang nobody."""


@dataclass(frozen=True)
class HospitalBoard:
    """For the hospital only: the provider learns nothing about ratings, not even how many there are."""

    cases: int
    late_cases: int
    unverified: int
    praise: int
    claims: int
    erasures: int


def board(session: Session, at: datetime, *, for_provider: bool, trust_all: bool) -> Board:
    failed = select(Notice.id).where(Notice.state == "failed", Notice.created_at > at - FAILURES_OF)
    if for_provider:
        failed = failed.where(Notice.kind.in_(PROVIDER_SEES_NOTICES))
    return Board(
        states=open_by_state(session),
        waiting=session.execute(_waiting()).all(),
        failed_notices=_count(session, failed),
        strangers=[] if trust_all else _strangers(session, at),
    )


def open_by_state(session: Session) -> dict[str, int]:
    """How many tickets stand in each open state, in their order."""
    query = select(Ticket.state, func.count()).where(Ticket.state.in_(OPEN_STATES)).group_by(Ticket.state)
    counted: dict[str, int] = dict(session.execute(query).all())
    return {state: counted.get(state, 0) for state in OPEN_STATES}


def hospital_board(session: Session, at: datetime, *, admin: bool) -> HospitalBoard:
    open_cases, late_cases = cases.waiting(session, at=at, admin=admin)
    return HospitalBoard(
        cases=open_cases,
        late_cases=late_cases,
        unverified=_count(session, _unverified(at)),
        praise=_count(session, select(RatingDetail.rating_id).where(RatingDetail.praise == "asked")),
        claims=_count(session, select(IdentityClaim.id).where(IdentityClaim.state == "waiting")),
        erasures=_count(session, select(ErasureRequest.id).where(ErasureRequest.state == "waiting")),
    )


def _strangers(session: Session, at: datetime) -> list[str]:
    """The latest first."""
    complaints = (Event.kind.in_(("urged", "still_broken")), Event.actor_id.is_(None), Event.at > at - SAID_WITHIN)
    query = (
        select(Ticket.number).join(Event, Event.ticket_id == Ticket.id).where(*complaints, Ticket.state.not_in(DONE))
    )
    # Each once, by hand: who groups goes through the history in the order of tickets.
    return list(dict.fromkeys(session.scalars(query.order_by(Event.at.desc()))))[:SHOWN]


def _unverified(at: datetime) -> Query:
    """Low scores nobody has to call back about before it is known who gave them."""
    slot = select(CountedRating.rating_id).where(CountedRating.rating_id == Rating.id)
    low = (Rating.level.in_(LOW_LEVELS), Rating.at > at - LOW_SCORES_OF)
    return select(Rating.id).where(*low, ~slot.exists())


@cache
def _waiting() -> Query:
    lead = aliased(Person)
    return (
        select(
            Ticket.number,
            Ticket.state,
            Ticket.priority,
            Ticket.reported_at,
            Ticket.updated_at,
            Ticket.description,
            Department.name.label("department"),
            Category.name.label("category"),
            lead.name.label("lead"),
        )
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(lead, lead.id == Ticket.lead_id)
        .where(Ticket.state.in_(WAITING))
        .order_by(Ticket.priority, Ticket.reported_at)
        .limit(SHOWN)
    )


def _count(session: Session, rows: Query) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0
