"""What lies behind a point of the corridor: its tickets, and one person's own way. For the hospital alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.errors import Missing
from app.models import (
    CaseRating,
    Category,
    Completion,
    CompletionJob,
    CountedRating,
    Department,
    Person,
    Rating,
    RatingCorrection,
    RatingDetail,
    ServiceCase,
    Ticket,
)
from app.models.rating import LOW_LEVELS
from app.models.rollup import ALL, EVERY_JOB
from app.pagination import Cursor, Line, Page, newest_first
from app.services.dashboards.corridor import Touchpoint, codes, touchpoint
from app.services.rollups.corridor import Place
from app.services.rollups.corridor_rows import COMPLAINT, OVERALL, RECOVERY, of_tickets
from app.services.rollups.daily import LEVEL

SHOWN = 10
EARLY = timedelta(days=1)  # a finish that was taken in may lie so far ahead


@dataclass(frozen=True)
class TicketFilter:
    """Of which touchpoint, of whose work, finished (a case: opened) when; `low` the two lower levels only."""

    touchpoint: str
    place: Place
    since: datetime
    until: datetime
    low: bool = False


@dataclass(frozen=True)
class Journey:
    """One completed cycle of a person's ticket, as they felt it."""

    row: Line
    points: Sequence[Touchpoint]
    overall: Touchpoint


def tickets(session: Session, filters: TicketFilter, *, after: Cursor | None) -> Page:
    """Those whose level at the touchpoint is in its figures, newest first."""
    of_case = filters.touchpoint in {COMPLAINT, RECOVERY}
    level = _level(filters.touchpoint)
    key: Any = ServiceCase.id if of_case else Completion.id
    at: InstrumentedAttribute[Any] = ServiceCase.opened_at if of_case else Completion.finished_at
    query = _of_cases() if of_case else _of_completions()
    query = query.with_only_columns(key.label("id"), level.label("felt")).where(at >= filters.since, at < filters.until)
    query = query.where(*_fits(filters.place, of_case), level.in_(LOW_LEVELS) if filters.low else level.is_not(None))
    if filters.touchpoint not in {COMPLAINT, RECOVERY, OVERALL}:  # said after the finish
        query = query.where(RatingDetail.at >= filters.since - EARLY)
    page = newest_first(session, query, at, key, after=after)
    found = {row.id: row for row in session.execute(_lines(of_case).where(key.in_([row.id for row in page.rows])))}
    lines = [{**found[row.id]._asdict(), "felt": row.felt, "at": row.page_at} for row in page.rows]
    return replace(page, rows=lines)  # type: ignore[arg-type]


def journey(session: Session, person_id: int) -> tuple[Person, list[Journey]]:
    """The last tickets somebody was served by, each with what they felt and how long it took. Raises Missing."""
    person = session.get(Person, person_id)
    if person is None:
        raise Missing("no_such_person")
    query = (
        select(Ticket.id, Ticket.number, Ticket.reported_at, Completion.cycle, Completion.finished_at)
        .add_columns(Category.name.label("category"))
        .join(Completion, Completion.ticket_id == Ticket.id)
        .outerjoin(Category, Category.id == Completion.category_id)
        .where(Ticket.served_person_id == person_id)
        .order_by(Ticket.reported_at.desc(), Completion.cycle.desc())
        .limit(SHOWN)
    )
    rows = session.execute(query).all()
    figures = of_tickets(session, [row.id for row in rows])
    return person, [
        Journey(
            row,
            [touchpoint(figures[row.id, row.cycle], code) for code in codes()],
            touchpoint(figures[row.id, row.cycle], OVERALL),
        )
        for row in rows
    ]


def _level(code: str) -> ColumnElement[int]:
    if code == RECOVERY:
        last = aliased(CaseRating)
        query = select(last.level).where(last.case_id == ServiceCase.id).order_by(last.recovery.desc()).limit(1)
        return query.scalar_subquery()
    return LEVEL if code in {OVERALL, COMPLAINT} else RatingDetail.faces[code].as_integer()


def _fits(place: Place, of_case: bool) -> list[ColumnElement[bool]]:
    found = [CompletionJob.job_type == place.job] if place.job != EVERY_JOB else []
    for name in ("department", "team", "category", "campus"):
        value = getattr(place, name)
        if value != ALL:
            found.append(_own(f"{name}_id", value, of_case))
    return found


def _own(name: str, value: int, of_case: bool) -> ColumnElement[bool]:
    copied = getattr(Completion, name)
    if not of_case:
        return copied == value  # type: ignore[no-any-return]
    of_ticket = Department.campus_id if name == "campus_id" else getattr(Ticket, name)
    return or_(copied == value, and_(Completion.id.is_(None), of_ticket == value))


def _of_completions() -> Any:
    return (
        select(Completion.id)
        .select_from(Completion)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(CompletionJob, CompletionJob.completion_id == Completion.id)
        .join(CountedRating, CountedRating.completion_id == Completion.id)
        .join(Rating, Rating.id == CountedRating.rating_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
    )


def _of_cases() -> Any:
    of_it = and_(Completion.ticket_id == ServiceCase.ticket_id, Completion.cycle == ServiceCase.cycle)
    return (
        select(ServiceCase.id)
        .select_from(ServiceCase)
        .outerjoin(Ticket, Ticket.id == ServiceCase.ticket_id)
        .outerjoin(Completion, of_it)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(CompletionJob, CompletionJob.completion_id == Completion.id)
        .outerjoin(Rating, Rating.id == ServiceCase.rating_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
        .where(ServiceCase.about != "supervisor")
    )


def _lines(of_case: bool) -> Any:
    lead, ward = aliased(Person), aliased(Department)
    query = _of_cases() if of_case else _of_completions()
    return (
        query.with_only_columns(
            (ServiceCase.id if of_case else Completion.id).label("id"),
            (ServiceCase.id if of_case else Completion.id).label("case_id"),
            Ticket.number,
            Ticket.served_person_id.label("person_id"),
            ward.name.label("department"),
            Category.name.label("category"),
            lead.name.label("lead"),
            LEVEL.label("level"),
            RatingDetail.reasons,
        )
        .outerjoin(ward, ward.id == Ticket.department_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(lead, lead.id == Completion.lead_id)
    )
