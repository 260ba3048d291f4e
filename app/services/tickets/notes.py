"""What those who work on a ticket write to each other: no user reads it, and the kinds say which of them may."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Person, Ticket, TicketNote
from app.models.kinds import PROVIDER_SEES_EVENTS
from app.pagination import Line
from app.services import events

KINDS = ("noted", "noted_inside", "incident_reviewed")
LONGEST = 1_000
TWIN = timedelta(minutes=2)


def add(session: Session, ticket: Ticket, text: str, *, kind: str, by: int, at: datetime, channel: str) -> TicketNote:
    """`noted` for all who work on it, `noted_inside` for the hospital alone. The event holds the note's id only."""
    words = text.strip()
    if not words or kind not in KINDS:
        raise Refused("note_empty")
    if len(words) > LONGEST:
        raise Refused("too_long", most=LONGEST)
    twin = select(TicketNote).where(TicketNote.ticket_id == ticket.id, TicketNote.person_id == by)
    twin = twin.where(TicketNote.text == words, TicketNote.at > at - TWIN)
    if (second_tap := session.scalar(twin.limit(1))) is not None:
        return second_tap
    note = TicketNote(ticket_id=ticket.id, person_id=by, kind=kind, text=words, at=at)
    session.add(note)
    session.flush()
    events.append(session, ticket, kind, by=by, at=at, channel=channel, data={"note": note.id})
    return note


def of_ticket(session: Session, ticket_id: int, *, for_provider: bool) -> Sequence[Line]:
    """The newest first; those whose words were erased are left out."""
    query = select(TicketNote.id, TicketNote.kind, TicketNote.text, TicketNote.at, Person.name.label("author"))
    query = query.join(Person, Person.id == TicketNote.person_id)
    query = query.where(TicketNote.ticket_id == ticket_id, TicketNote.text != "")
    if for_provider:
        query = query.where(TicketNote.kind.in_(PROVIDER_SEES_EVENTS))
    return session.execute(query.order_by(TicketNote.at.desc(), TicketNote.id.desc())).all()
