"""Whom somebody means who types: by the beginning of a name, of its pinyin initials, or of a staff number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.models import Department, Employment, Person, Ticket
from app.models.ticket import OPEN_STATES
from app.services.organisation.directory import current_employment

MOST = 10


@dataclass(frozen=True)
class Suggestion:
    staff_number: str
    name: str
    department: str
    telephone: str
    open_tickets: int
    last_at: datetime | None


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
    known = or_(begins(text), Person.staff_number.startswith(text, autoescape=True), Person.telephone == text)
    opened = select(func.count()).where(Ticket.requester_id == Person.id, Ticket.state.in_(OPEN_STATES))
    last = select(func.max(Ticket.reported_at)).where(Ticket.requester_id == Person.id)
    query = (
        select(
            Person.staff_number,
            Person.name,
            func.coalesce(Department.name, ""),
            Person.telephone,
            opened.scalar_subquery(),
            last.scalar_subquery(),
        )
        .select_from(Person)
        .join(Employment, Employment.id == current_employment(Person.id, day))
        .outerjoin(Department, Department.id == Employment.department_id)
        .where(known, Person.erased_at.is_(None), Employment.provider_id.is_(None))
        .order_by(Person.name, Person.staff_number)
        .limit(MOST)
    )
    return [Suggestion(*row) for row in session.execute(query)]
