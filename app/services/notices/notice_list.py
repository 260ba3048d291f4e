"""Every notice with its state and reason."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Notice, Person, Ticket
from app.pagination import Page, newest_first
from app.services.notices.delivery_log import PROVIDER_SEES
from app.services.notices.outbox import INBOX_ONLY


def find(session: Session, *, for_provider: bool, state: str = "", after: int | None = None) -> Page:
    """Notices, newest first, of one state or of all; what is told to one person alone is not among them."""
    query = (
        select(
            Notice.id,
            Notice.kind,
            Notice.state,
            Notice.outcome,
            Notice.reason,
            Notice.detail,
            Notice.attempts,
            Notice.next_try_at,
            Notice.created_at,
            Notice.settled_at,
            Person.name.label("person"),
            Person.staff_number,
            Ticket.number,
        )
        .join(Person, Person.id == Notice.person_id)
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(Notice.kind.not_in(INBOX_ONLY))
    )
    if for_provider:
        query = query.where(Notice.kind.in_(PROVIDER_SEES))
    if state:
        query = query.where(Notice.state == state)
    return newest_first(session, query, Notice.created_at, Notice.id, after=after)
