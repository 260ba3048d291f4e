"""A ticket waits for the user, a part or a supplier: its solution's clock stands, with a reason and on record.

Only what was answered can wait, so nobody stops a clock they have not answered. Finishing ends a pause.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Event, Ticket
from app.models.ticket import PAUSE_REASONS
from app.services import events
from app.services.events import Recorded
from app.services.service_levels import clock

ANSWERED = ("accepted", "arrived")


def pause(session: Session, ticket: Ticket, *, reason: str, by: int, at: datetime, channel: str) -> Recorded:
    """The ticket is held by the caller. Nothing is due while it waits."""
    if ticket.state not in ANSWERED:
        raise Refused("pause_before_answer")
    if reason not in PAUSE_REASONS:
        raise Refused("pause_without_reason")
    if is_paused(session, ticket):
        raise Refused("paused_already")
    ticket.due_at = None
    return events.append(session, ticket, "paused", by=by, at=at, channel=channel, data={"reason": reason})


def resume(session: Session, ticket: Ticket, *, by: int, at: datetime, zone: ZoneInfo, channel: str) -> Recorded:
    """The ticket is held by the caller."""
    if not is_paused(session, ticket):
        raise Refused("not_paused")
    event = events.append(session, ticket, "resumed", by=by, at=at, channel=channel)
    ticket.due_at = clock.solution_due(session, ticket, zone=zone)
    return event


def is_paused(session: Session, ticket: Ticket) -> bool:
    if ticket.state not in ANSWERED:
        return False
    last = select(Event.kind).where(
        Event.ticket_id == ticket.id, Event.cycle == ticket.cycle, Event.kind.in_(("paused", "resumed"))
    )
    return session.scalar(last.order_by(Event.at.desc(), Event.id.desc()).limit(1)) == "paused"
