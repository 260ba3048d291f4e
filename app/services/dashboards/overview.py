"""The overview: what is open, what waits, what went wrong. Counts of few rows by index, never of everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Category,
    Department,
    ErasureRequest,
    IdentityClaim,
    Notice,
    Person,
    RatingDetail,
    RecoveryCase,
    Ticket,
)
from app.models.kinds import PROVIDER_SEES_NOTICES
from app.models.ticket import OPEN_STATES
from app.pagination import Line, Query

LOW_SCORES_OF = timedelta(days=30)
FAILURES_OF = timedelta(days=7)
WAITING = ("reported", "reopened")
SHOWN = 20


@dataclass(frozen=True)
class Board:
    """For everybody at the console."""

    states: Mapping[str, int]
    waiting: Sequence[Line]
    failed_notices: int


@dataclass(frozen=True)
class HospitalBoard:
    """For the hospital only: the provider learns nothing about ratings, not even how many there are."""

    low_scores: int
    praise: int
    claims: int
    erasures: int


def board(session: Session, at: datetime, *, for_provider: bool) -> Board:
    by_state = select(Ticket.state, func.count()).where(Ticket.state.in_(OPEN_STATES)).group_by(Ticket.state)
    states = dict(session.execute(by_state).all())
    failed = select(Notice.id).where(Notice.state == "failed", Notice.created_at > at - FAILURES_OF)
    if for_provider:
        failed = failed.where(Notice.kind.in_(PROVIDER_SEES_NOTICES))
    return Board(
        states={state: states.get(state, 0) for state in OPEN_STATES},
        waiting=session.execute(_waiting()).all(),
        failed_notices=_count(session, failed),
    )


def hospital_board(session: Session, at: datetime) -> HospitalBoard:
    return HospitalBoard(
        low_scores=_count(session, select(RecoveryCase.id).where(RecoveryCase.opened_at > at - LOW_SCORES_OF)),
        praise=_count(session, select(RatingDetail.rating_id).where(RatingDetail.praise == "asked")),
        claims=_count(session, select(IdentityClaim.id).where(IdentityClaim.state == "waiting")),
        erasures=_count(session, select(ErasureRequest.id).where(ErasureRequest.state == "waiting")),
    )


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
