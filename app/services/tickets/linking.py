"""One fault that two providers have to mend: two tickets that know of each other, each with its own clock and rating.

The events of both hold the link, each the other's number; nothing else has to be kept.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Event, Ticket
from app.services import events


def link(session: Session, number: str, other: str, *, by: int, at: datetime, channel: str) -> None:
    """Both are held, the older first, so that two who link the same pair never wait for each other. Raises Refused."""
    query = select(Ticket).where(Ticket.number.in_({number, other, other.upper()})).order_by(Ticket.id)
    found = session.scalars(query.with_for_update()).all()
    if len(found) != 2:  # itself, nothing, or two that capitals alone tell apart
        raise Refused("link_unknown", number=other)
    first, second = found
    if second.number in numbers(session, first.id):
        raise Refused("linked_already", number=other)
    for ticket, its in ((first, second), (second, first)):
        events.append(session, ticket, "linked", by=by, at=at, channel=channel, data={"linked": its.number})


def numbers(session: Session, ticket_id: int) -> Sequence[str]:
    """Of the tickets about the same fault."""
    query = select(Event.data).where(Event.ticket_id == ticket_id, Event.kind == "linked").order_by(Event.id)
    return [data["linked"] for data in session.scalars(query) if data]
