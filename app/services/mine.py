"""A person's own tickets, newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Category, Ticket

MOST = 30


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
