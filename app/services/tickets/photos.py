"""Photos of a fault, at most three of a ticket, from whoever reported it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Ticket, TicketPhoto
from app.models.ticket import OPEN_STATES
from app.pagination import Line
from app.services.images import MEDIA_TYPE

MOST = 3


def check(session: Session, ticket: Ticket, *, by: int) -> None:
    """Whether there may be one more photo of this ticket, by whoever reported it; raises Refused."""
    if ticket.requester_id != by:
        raise Missing("no_such_ticket")
    if ticket.state not in OPEN_STATES:
        raise Refused("not_open", state=ticket.state)
    if (session.scalar(select(func.count()).where(TicketPhoto.ticket_id == ticket.id)) or 0) >= MOST:
        raise Refused("photos_enough", most=MOST)


def add(session: Session, ticket: Ticket, content: bytes, *, by: int, at: datetime) -> int:
    """The ticket is locked; raises Refused."""
    check(session, ticket, by=by)
    photo = TicketPhoto(ticket_id=ticket.id, media_type=MEDIA_TYPE, content=content, at=at)
    session.add(photo)
    session.flush()
    return photo.id


def of_ticket(session: Session, ticket_id: int) -> Sequence[int]:
    query = select(TicketPhoto.id).where(TicketPhoto.ticket_id == ticket_id)
    return session.scalars(query.order_by(TicketPhoto.id)).all()


def get(session: Session, ticket_id: int, photo_id: int) -> Line:
    """Its media type and content; raises Missing."""
    row = session.execute(
        select(TicketPhoto.media_type, TicketPhoto.content).where(
            TicketPhoto.id == photo_id, TicketPhoto.ticket_id == ticket_id
        )
    ).first()
    if row is None:
        raise Missing("no_such_photo")
    return row
