"""Ratings as the hospital reads them. Nothing here is ever shown to the provider (law 11)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing
from app.models import (
    Category,
    Completion,
    CountedRating,
    Department,
    ErasureRequest,
    Person,
    Rating,
    RatingCorrection,
    RatingDetail,
    RatingExclusion,
    RecoveryCase,
    Ticket,
)
from app.models.person import NAMELESS
from app.pagination import Cursor, Line, Page, Query, newest_first

SATISFIED_FROM = 4
FLAGS = ("review", "risky")

# The level that stands: the corrected one where there is one.
LEVEL = func.coalesce(RatingCorrection.level, Rating.level)
WHOSE = func.coalesce(Rating.person_id, CountedRating.person_id)


@dataclass(frozen=True)
class RatingFilter:
    """`since` is included, `until` is not. `low` are ratings that opened a case, `praise` those to be approved.

    `flagged` are those whose comment WeChat took offence at, `excluded` those the hospital has set aside.
    """

    level: int | None = None
    counted: bool | None = None
    department_id: int | None = None
    engineer_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    low: bool = False
    praise: bool = False
    flagged: bool = False
    excluded: bool = False


@dataclass(frozen=True)
class Figure:
    """Satisfied (the two upper levels) of the counted ratings; what was not rated is in neither number."""

    satisfied: int
    counted: int
    # Of these, what the hospital has excluded since: both figures are printed.
    excluded_satisfied: int = 0
    excluded: int = 0

    @property
    def without_excluded(self) -> "Figure":
        return Figure(self.satisfied - self.excluded_satisfied, self.counted - self.excluded)

    @property
    def hundredths(self) -> int | None:
        """The share in hundredths of a per cent, rounded half up; None where nothing counts."""
        return (self.satisfied * 20_000 + self.counted) // (2 * self.counted) if self.counted else None

    @property
    def per_cent(self) -> str:
        """As it is printed, with two decimals; empty where nothing counts."""
        return "" if self.hundredths is None else f"{self.hundredths // 100}.{self.hundredths % 100:02}"


def find(session: Session, wanted: RatingFilter, *, after: Cursor | None = None) -> Page:
    """Ratings by the time they were given, newest first."""
    query = _lines().where(*_scope(wanted), *_narrow(wanted))
    return newest_first(session, query, Rating.at, Rating.id, after=after)


def of_ticket(session: Session, ticket_id: int) -> Sequence[Line]:
    """Every rating of a ticket through all its cycles, in order."""
    return session.execute(_lines().where(Completion.ticket_id == ticket_id).order_by(Rating.at, Rating.id)).all()


def one(session: Session, rating_id: int) -> Line:
    """Raises Missing."""
    row = session.execute(_lines().where(Rating.id == rating_id)).first()
    if row is None:
        raise Missing("no_such_rating")
    return row


def figure(session: Session, wanted: RatingFilter) -> Figure:
    """Over department, engineer and days only: filtered by level it would say nothing."""
    satisfied, excluded = LEVEL >= SATISFIED_FROM, RatingExclusion.rating_id.is_not(None)
    query = (
        select(_how_many(satisfied), func.count(), _how_many(satisfied & excluded), _how_many(excluded))
        .select_from(Rating)
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .join(Completion, Completion.id == Rating.completion_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingExclusion, RatingExclusion.rating_id == Rating.id)
    )
    return Figure(*session.execute(query.where(*_scope(wanted))).one())


def _how_many(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


@cache
def _lines() -> Query:
    lead, rater, decider = aliased(Person), aliased(Person), aliased(Person)
    return (
        select(
            Rating.id,
            Rating.at,
            Rating.source,
            Rating.level.label("first_level"),
            LEVEL.label("level"),
            RatingCorrection.at.label("corrected_at"),
            CountedRating.rating_id.is_not(None).label("counted"),
            Completion.cycle,
            Completion.finished_at,
            Ticket.number,
            Department.name.label("department"),
            Category.name.label("category"),
            lead.name.label("lead"),
            case((_erased_since(), NAMELESS), else_=rater.name).label("rater"),
            RatingDetail.reasons,
            RatingDetail.quality,
            RatingDetail.faces,
            RatingDetail.comment,
            RatingDetail.praise,
            (RatingDetail.praise == "asked").label("praise_asked"),
            RatingDetail.checked,
            RatingDetail.checked.in_(FLAGS).label("flagged"),
            RatingDetail.pressed,
            RatingExclusion.reason.label("excluded"),
            RatingExclusion.note.label("excluded_note"),
            RatingExclusion.at.label("excluded_at"),
            decider.name.label("excluded_by"),
        )
        .join(Completion, Completion.id == Rating.completion_id)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(CountedRating, CountedRating.rating_id == Rating.id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
        .outerjoin(RatingExclusion, RatingExclusion.rating_id == Rating.id)
        .outerjoin(decider, decider.id == RatingExclusion.by_id)
        .outerjoin(Department, Department.id == Completion.department_id)
        .outerjoin(Category, Category.id == Completion.category_id)
        .outerjoin(lead, lead.id == Completion.lead_id)
        .outerjoin(rater, rater.id == WHOSE)
    )


def _erased_since() -> ColumnElement[bool]:
    """Who gave it was erased afterwards, be it only as far as somebody on the roster is."""
    done = (ErasureRequest.state == "done", ErasureRequest.decided_at >= Rating.at)
    return select(ErasureRequest.id).where(ErasureRequest.person_id == WHOSE, *done).exists()


def _scope(wanted: RatingFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.department_id is not None:
        yield Completion.department_id == wanted.department_id
    if wanted.engineer_id is not None:
        yield Completion.lead_id == wanted.engineer_id
    if wanted.since:
        yield Rating.at >= wanted.since
    if wanted.until:
        yield Rating.at < wanted.until


def _narrow(wanted: RatingFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.level is not None:
        yield LEVEL.in_([wanted.level])
    if wanted.counted is not None:
        yield CountedRating.rating_id.is_not(None) if wanted.counted else CountedRating.rating_id.is_(None)
    if wanted.low:
        yield select(RecoveryCase.id).where(RecoveryCase.rating_id == Rating.id).exists()
    if wanted.praise:
        yield RatingDetail.praise == "asked"
    if wanted.flagged:
        yield RatingDetail.checked.in_(FLAGS)
    if wanted.excluded:
        yield RatingExclusion.rating_id.is_not(None)
