"""A rating leaves score and draw by the hospital's decision alone: with a reason, by somebody on record, for good."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Missing, Refused
from app.models import Completion, Rating, RatingExclusion, Ticket
from app.models.rating import EXCLUSION_REASONS
from app.services import events
from app.services.events import About
from app.services.organisation import employment

NOTE_MOST = 500
DECIDE = frozenset({"supervisor", "admin"})


def exclude(session: Session, rating_id: int, *, reason: str, note: str, by: int, at: datetime, channel: str) -> None:
    """Once and never undone; a draw whose ratings are closed by then is not touched. Raises Refused or Missing."""
    deciding = employment.roles_at(session, by, at.date()) & DECIDE
    if not deciding or employment.of_the_provider(session, by, at.date()):
        raise Refused("not_a_supervisor")
    if reason not in EXCLUSION_REASONS or not note.strip() or len(note) > NOTE_MOST:
        raise Refused("exclusion_unfounded", most=NOTE_MOST)
    ticket = session.scalar(
        select(Ticket)
        .join(Completion, Completion.ticket_id == Ticket.id)
        .join(Rating, Rating.completion_id == Completion.id)
        .where(Rating.id == rating_id)
    )
    if ticket is None:
        raise Missing("no_such_rating")
    kept = insert_first(
        session, RatingExclusion, rating_id=rating_id, reason=reason, note=note.strip(), by_id=by, at=at
    )
    if kept is None:
        raise Refused("excluded_before")
    data = {"rating": rating_id, "reason": reason}
    events.append(session, About.beside(ticket, rating_id), "rating_excluded", by=by, at=at, channel=channel, data=data)
