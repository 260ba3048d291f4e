"""The one writer of the history: what happened, to what, by whom, when."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.models import Event, Ticket


def append(
    session: Session,
    ticket: Ticket,
    kind: str,
    *,
    by: int | None,
    at: datetime,
    channel: str,
    state: str | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Append an event to the ticket's life. `data` holds ids and codes only, never a name or free text."""
    event = Event(
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        kind=kind,
        state=state,
        actor_id=by,
        at=at,
        recorded_at=at,
        channel=channel,
        data=data,
    )
    session.add(event)
    session.flush()
    return event
