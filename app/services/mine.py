"""A person's own tickets, newest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Category, Person, Ticket

MOST = 30
SAME_REPORT = timedelta(minutes=5)


@dataclass(frozen=True)
class Mine:
    ticket_id: int
    number: str
    state: str
    category: str
    reported_at: datetime


def tickets_of(session: Session, person_id: int) -> list[Mine]:
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.state, Category.name, Ticket.reported_at)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.served_person_id == person_id)
        .order_by(Ticket.reported_at.desc())
        .limit(MOST)
    )
    return [Mine(id_, number, state, category or "", at) for id_, number, state, category, at in rows]


def told_just_now(session: Session, person_id: int, description: str, *, at: datetime) -> int | None:
    """His ticket with the same words, if he has only just reported it: a second tap makes no second ticket."""
    session.get_one(Person, person_id, with_for_update=True)  # two taps at once come one after the other
    return session.scalar(
        select(Ticket.id)
        .where(
            Ticket.served_person_id == person_id,
            Ticket.reported_at > at - SAME_REPORT,
            Ticket.state == "reported",
            Ticket.description == description,
        )
        .limit(1)
    )
