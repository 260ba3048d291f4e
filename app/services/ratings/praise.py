"""Praise a user asked to be told: the hospital reads it first, and only approved words reach the engineer."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal_column, select, update
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Completion, Rating, RatingDetail, Ticket
from app.services import events
from app.services.events import About
from app.services.notices import outbox

READ_AT_ONCE = 20


def decide(session: Session, rating_id: int, *, approve: bool, by: int, at: datetime, channel: str) -> None:
    """Once; who comes second is told so. Raises Refused."""
    lead = select(Rating.lead_id).where(Rating.id == rating_id).scalar_subquery()
    decided = session.execute(
        update(RatingDetail)
        .where(RatingDetail.rating_id == rating_id, RatingDetail.praise == "asked")
        .values(praise="approved" if approve else "refused", praised_id=lead if approve else None)
        .returning(RatingDetail.rating_id, RatingDetail.praised_id)
    ).first()
    if decided is None:
        raise Refused("praise_decided")
    if decided.praised_id is not None:
        outbox.add_alert(session, "praised", about="praise", to=decided.praised_id, at=at)
    ticket = session.scalars(
        select(Ticket)
        .join(Completion, Completion.ticket_id == Ticket.id)
        .join(Rating, Rating.completion_id == Completion.id)
        .where(Rating.id == rating_id)
    ).one()
    kind = "praise_approved" if approve else "praise_refused"
    about = About.beside(ticket, rating_id)
    events.append(session, about, kind, by=by, at=at, channel=channel, data={"rating": rating_id})


def approved_of(session: Session, engineer_id: int) -> Sequence[str]:
    """The approved words for this engineer, newest first; neither who wrote them nor about which ticket."""
    return session.scalars(
        select(RatingDetail.comment)
        .where(RatingDetail.praised_id == engineer_id, RatingDetail.comment != literal_column("''"))
        .order_by(RatingDetail.at.desc())
        .limit(READ_AT_ONCE)
    ).all()
