"""Cases as the hospital reads them: one list by what is due next, and each with all that was said and done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing
from app.models import (
    CaseNote,
    CaseRating,
    Category,
    Department,
    Employment,
    Event,
    Person,
    Rating,
    RatingCorrection,
    RatingDetail,
    ServiceCase,
    Ticket,
)
from app.pagination import Cursor, Line, Page, Query, newest_first
from app.services.cases import limits
from app.services.organisation.directory import current_employment

LISTS = ("", "mine", "pressed", "closed")
MOST = 200
# By what is due next, or the latest closed first; the first closed first; by when they were opened.
ORDERS = ("", "closed", "opened", "opened_last")


@dataclass(frozen=True)
class CaseLine:
    """One of the list: what is next, and by when."""

    row: Line
    step: str
    late: bool


@dataclass(frozen=True)
class HistoryEntry:
    """One line of its history, with the words that were said."""

    kind: str
    at: datetime
    actor: str | None
    channel: str
    data: Mapping[str, Any]
    notes: Sequence[CaseNote]
    level: int | None = None
    """How content they are, where they say so."""


@dataclass(frozen=True)
class Steps:
    """What has still to be done, each by when, and which is late."""

    name: str
    due: datetime | None
    late: bool


def open_cases(
    session: Session, *, at: datetime, which: str, by: int, admin: bool, order: str = "", most: int = MOST
) -> tuple[list[CaseLine], bool]:
    """What is open, pressure first, then by what is due next, if not by age; whether there is more than is shown."""
    query = _lines(at).where(ServiceCase.is_open, *_narrow(which, by), *_visible(admin))
    by_need = (ServiceCase.pressed.desc(), ServiceCase.next_due_at.is_(None), ServiceCase.next_due_at, ServiceCase.id)
    opened = {
        "opened": (ServiceCase.opened_at, ServiceCase.id),
        "opened_last": (ServiceCase.opened_at.desc(), ServiceCase.id.desc()),
    }
    rows = session.execute(query.order_by(*opened.get(order, by_need)).limit(most + 1)).all()
    return [_line(row, at) for row in rows[:most]], len(rows) > most


def closed_cases(session: Session, *, at: datetime, admin: bool, after: Cursor | None, order: str = "") -> Page:
    query = _lines(at).where(ServiceCase.closed_at.is_not(None), *_visible(admin))
    moment: Any = ServiceCase.opened_at if order.startswith("opened") else ServiceCase.closed_at
    oldest = order in {"closed", "opened"}
    return newest_first(session, query, moment, ServiceCase.id, after=after, oldest=oldest)


def one(session: Session, case_id: int, *, at: datetime, admin: bool) -> Line:
    """Raises Missing."""
    row = session.execute(_lines(at).where(ServiceCase.id == case_id, *_visible(admin))).first()
    if row is None:
        raise Missing("no_such_case")
    return row


def waiting(session: Session, *, at: datetime, admin: bool) -> tuple[int, int]:
    """How many cases are open, and how many of them late; found by the index of the open ones."""
    still_open = (ServiceCase.is_open, *_visible(admin))
    late = func.count().filter(ServiceCase.next_due_at <= at)
    row = session.execute(select(func.count(), late).select_from(ServiceCase).where(*still_open)).one()
    return row[0], row[1]


def steps(case: ServiceCase, *, at: datetime) -> list[Steps]:
    return [Steps(name, due, due is not None and due < at) for name, due in limits.steps(case)]


def history(session: Session, case: ServiceCase) -> list[HistoryEntry]:
    """What happened, oldest first; also a complaint's of the time before there were cases, which had its number."""
    subject = Event.subject.in_(("case", "complaint")), Event.subject_id == case.id
    of_ticket = Event.ticket_id == case.ticket_id if case.ticket_id else Event.ticket_id.is_(None)
    query = select(Event, Person.name).outerjoin(Person, Person.id == Event.actor_id)
    rows = session.execute(query.where(*subject, of_ticket).order_by(Event.at, Event.id)).all()
    recoveries = select(CaseRating.recovery, CaseRating.level).where(CaseRating.case_id == case.id)
    levels: dict[tuple[str, Any], int] = {
        ("case_rerated", recovery): level for recovery, level in session.execute(recoveries)
    }
    notes = session.scalars(select(CaseNote).where(CaseNote.case_id == case.id).order_by(CaseNote.id)).all()
    return [
        HistoryEntry(
            event.kind,
            event.at,
            actor,
            event.channel,
            event.data or {},
            [note for note in notes if note.event_id == event.id],
            levels.get((event.kind, (event.data or {}).get("recovery"))),
        )
        for event, actor in rows
    ]


def candidates(session: Session, ids: set[int]) -> Sequence[Line]:
    """Who may own it, by name."""
    return session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)).order_by(Person.name)).all()


def _line(row: Line, at: datetime) -> CaseLine:
    case = row.ServiceCase
    return CaseLine(row, limits.next_step(case), case.next_due_at is not None and case.next_due_at < at)


def _visible(admin: bool) -> tuple[ColumnElement[bool], ...]:
    """What is about a supervisor is the admins' and the auditors'."""
    return () if admin else (ServiceCase.about != "supervisor",)


def _narrow(which: str, by: int) -> tuple[ColumnElement[bool], ...]:
    if which == "mine":
        return (ServiceCase.owner_id == by,)
    return (ServiceCase.pressed.is_(True),) if which == "pressed" else ()


def _lines(at: datetime) -> Query:
    who, owner, lead, own = aliased(Person), aliased(Person), aliased(Person), aliased(Department)
    caller = select(CaseNote.text).where(CaseNote.case_id == ServiceCase.id, CaseNote.kind == "caller")
    words = select(CaseNote.text).where(CaseNote.case_id == ServiceCase.id, CaseNote.kind == "complaint")
    return (
        select(
            ServiceCase,
            Ticket.number,
            Ticket.state.label("ticket_state"),
            Category.name.label("category"),
            func.coalesce(Department.name, own.name).label("department"),
            who.name.label("who"),
            who.staff_number,
            who.telephone,
            caller.limit(1).scalar_subquery().label("caller"),
            words.limit(1).scalar_subquery().label("words"),
            owner.name.label("owner"),
            lead.name.label("lead"),
            func.coalesce(RatingCorrection.level, Rating.level).label("level"),
            RatingDetail.reasons,
            RatingDetail.comment,
        )
        .select_from(ServiceCase)
        .outerjoin(Ticket, Ticket.id == ServiceCase.ticket_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(who, who.id == ServiceCase.person_id)
        .outerjoin(Employment, Employment.id == current_employment(who.id, at.date()))
        .outerjoin(own, own.id == Employment.department_id)
        .outerjoin(owner, owner.id == ServiceCase.owner_id)
        .outerjoin(lead, lead.id == Ticket.lead_id)
        .outerjoin(Rating, Rating.id == ServiceCase.rating_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
    )
