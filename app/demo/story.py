"""What else is to be played through: a complaint that waits for the supervisor's answer."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import roles
from app.models import Person, Ticket
from app.services.cases import complaints
from app.services.tickets import lifecycle

COMPLAINT = "等了两个小时才有人来，来了也没有说清楚原因。"


def tell(session: Session, *, at: datetime) -> None:
    """The nurse complains about the last of her tickets that was closed."""
    hers = select(Ticket.id, Person.id).join(Person, Person.id == Ticket.served_person_id)
    hers = hers.where(Person.staff_number == roles.NURSE.staff_number, Ticket.state == "closed")
    found = session.execute(hers.order_by(Ticket.finished_at.desc()).limit(1)).first()
    if found is not None:
        ticket, nurse = found
        held = lifecycle.locked(session, ticket_id=ticket)
        complaints.complain(session, held, COMPLAINT, by=nurse, at=at, channel="wechat")
