"""Whom somebody means who types: by the beginning of a name, of its pinyin initials, or of a staff number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from app.models import Category, Department, Employment, Person, Place, Ticket
from app.models.ticket import OPEN_STATES
from app.pagination import Line
from app.services.organisation.directory import current_employment

MOST = 10
LAST = 3


@dataclass(frozen=True)
class Suggestion:
    staff_number: str
    name: str
    department: str
    telephone: str
    open_tickets: int
    last_at: datetime | None
    tickets: Sequence[Line]
    """Those that are open and the last ones, newest first."""


def begins(text: str) -> ColumnElement[bool]:
    """A person's name or its initials begin so. The initials by a range, which every index of theirs serves."""
    named = Person.name.startswith(text, autoescape=True)
    typed = text.lower()
    if not (typed.isascii() and typed.isalnum()):
        return named
    return or_(named, and_(Person.initials >= typed, Person.initials < typed + "\x7f"))


def suggest(session: Session, text: str, *, day: date) -> Sequence[Suggestion]:
    """People of the hospital, for its own desk while a call is taken: with what they reported beside them."""
    if not text:
        return []
    at_the_ward = select(Place.department_id).where(Place.telephone == text)  # who calls from there
    known = or_(
        begins(text),
        Person.staff_number.startswith(text, autoescape=True),
        Person.telephone == text,
        Employment.department_id.in_(at_the_ward),
    )
    opened = select(func.count()).where(Ticket.requester_id == Person.id, Ticket.state.in_(OPEN_STATES))
    last = select(func.max(Ticket.reported_at)).where(Ticket.requester_id == Person.id)
    query = (
        select(
            Person.id,
            Person.staff_number,
            Person.name,
            func.coalesce(Department.name, "").label("ward"),
            Person.telephone,
            opened.scalar_subquery().label("open"),
            last.scalar_subquery().label("last"),
        )
        .select_from(Person)
        .join(Employment, Employment.id == current_employment(Person.id, day))
        .outerjoin(Department, Department.id == Employment.department_id)
        .where(known, Person.erased_at.is_(None), Employment.provider_id.is_(None))
        .order_by(Person.name, Person.staff_number)
        .limit(MOST)
    )
    rows = session.execute(query).all()
    reported = _reported(session, [row.id for row in rows])
    return [
        Suggestion(row.staff_number, row.name, row.ward, row.telephone, row.open, row.last, reported[row.id])
        for row in rows
    ]


def _reported(session: Session, people: Iterable[int]) -> dict[int, list[Line]]:
    """By person, what they reported that is open, and the last of the rest."""
    found: dict[int, list[Line]] = {person: [] for person in people}
    columns = (Ticket.id, Ticket.requester_id, Ticket.number, Ticket.state, Ticket.reported_at, Ticket.category_id)
    ways = [select(*columns).where(Ticket.requester_id.in_(found), Ticket.state.in_(OPEN_STATES))]
    latest = select(*columns).order_by(Ticket.reported_at.desc()).limit(LAST)
    ways += [select(latest.where(Ticket.requester_id == person).subquery()) for person in found]
    each = union_all(*ways).subquery()
    query = select(each, func.coalesce(Category.name, "").label("category")).distinct()
    query = query.outerjoin(Category, Category.id == each.c.category_id)
    for row in session.execute(query.order_by(each.c.reported_at.desc(), each.c.id.desc())):
        found[row.requester_id].append(row)
    return found
