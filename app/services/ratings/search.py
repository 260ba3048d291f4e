"""Ratings as the hospital reads them. Nothing here is ever shown to the provider (law 11)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, select
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
    ServiceCase,
    Ticket,
)
from app.models.person import NAMELESS
from app.models.rating import FLAGS
from app.pagination import Cursor, Line, Page, Query, newest_first
from app.services.ratings.praise import on_the_wall
from app.services.rollups import daily
from app.services.rollups.daily import LEVEL, Scope

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
    wall: bool = False
    flagged: bool = False
    excluded: bool = False
    oldest_first: bool = False


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


def find(session: Session, filters: RatingFilter, *, after: Cursor | None = None) -> Page:
    """Ratings by the time they were given, newest first or oldest first."""
    chosen = _narrow(select(Rating.id), filters).where(*_scope(filters))
    page = newest_first(session, chosen, Rating.at, Rating.id, after=after, oldest=filters.oldest_first)
    lines = _lines().where(Rating.id.in_([row.id for row in page.rows]))
    order = (Rating.at, Rating.id) if filters.oldest_first else (Rating.at.desc(), Rating.id.desc())
    return replace(page, rows=session.execute(lines.order_by(*order)).all())


def of_ticket(session: Session, ticket_id: int) -> Sequence[Line]:
    """Every rating of a ticket through all its cycles, in order."""
    return session.execute(_lines().where(Completion.ticket_id == ticket_id).order_by(Rating.at, Rating.id)).all()


def some(session: Session, ids: Sequence[int]) -> Sequence[Line]:
    """These, in the order they were given."""
    return session.execute(_lines().where(Rating.id.in_(ids)).order_by(Rating.at, Rating.id)).all()


def one(session: Session, rating_id: int) -> Line:
    """Raises Missing."""
    row = session.execute(_lines().where(Rating.id == rating_id)).first()
    if row is None:
        raise Missing("no_such_rating")
    return row


def figure(session: Session, filters: RatingFilter) -> Figure:
    """Over department, engineer and days only: filtered by level it would say nothing."""
    scope = Scope(filters.department_id, filters.engineer_id, filters.since, filters.until)
    counted, excluded = daily.total(session, scope), daily.set_aside(session, scope)
    return Figure(counted.satisfied, counted.counted, excluded.satisfied, excluded.counted)


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
            RatingDetail.signed,
            RatingDetail.public,
            and_(*on_the_wall()).label("on_the_wall"),
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


def _scope(filters: RatingFilter) -> Iterator[ColumnElement[bool]]:
    if filters.department_id is not None:
        yield Rating.department_id == filters.department_id
    if filters.engineer_id is not None:
        yield Rating.lead_id == filters.engineer_id
    if filters.since:
        yield Rating.at >= filters.since
    if filters.until:
        yield Rating.at < filters.until


def _narrow(query: Query, filters: RatingFilter) -> Query:
    """Only what a choice needs is joined, so that what is rare is looked for where it is rare."""
    if filters.low:
        opened = select(ServiceCase.id).where(ServiceCase.rating_id == Rating.id, ServiceCase.reason == "low_score")
        query = query.where(opened.exists())
    if filters.level is not None:
        query = query.outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        query = query.where(LEVEL.in_([filters.level]))
    if filters.counted is not None:
        query = query.outerjoin(CountedRating, CountedRating.rating_id == Rating.id)
    if filters.counted:
        query = query.where(CountedRating.rating_id.is_not(None))
    if filters.counted is False:  # some of those who were not known when they rated have been verified since
        query = query.where(~Rating.counts, CountedRating.rating_id.is_(None))
    return query.where(*(Rating.id.in_(ids) for ids in _among(filters)))


def _among(filters: RatingFilter) -> Iterator[Select[int]]:
    """The ratings of the small tables a choice is about."""
    if filters.praise:
        yield select(RatingDetail.rating_id).where(RatingDetail.praise == "asked")
    if filters.wall:
        yield select(RatingDetail.rating_id).where(*on_the_wall())
    if filters.flagged:  # in the words of its index
        flags: list[ColumnElement[str]] = [literal_column(f"'{flag}'") for flag in FLAGS]
        yield select(RatingDetail.rating_id).where(RatingDetail.checked.in_(flags))
    if filters.excluded:
        yield select(RatingExclusion.rating_id)
