"""Every step of a draw, written down with the step itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from app.models import Draw, Event
from app.services import events
from app.services.events import About

CHANNEL = "draw"


def record(session: Session, draw: Draw, kind: str, *, by: int | None, at: datetime, **data: object) -> None:
    events.append(session, About(draw.id), kind, by=by, at=at, channel=CHANNEL, data=data)


def of_draw(draw: Draw) -> ColumnElement[bool]:
    """Which events are a draw's."""
    return and_(Event.ticket_id.is_(None), Event.subject == "draw", Event.subject_id == draw.id)


def data_of(session: Session, draw: Draw, kind: str) -> Sequence[dict[str, Any]]:
    """What was written down with each step of a kind, in their order."""
    query = select(Event.data).where(of_draw(draw), Event.kind == kind).order_by(Event.id)
    return [data or {} for data in session.scalars(query)]


def happened(session: Session, draw: Draw, kind: str) -> bool:
    return session.scalar(select(Event.id).where(of_draw(draw), Event.kind == kind).limit(1)) is not None
