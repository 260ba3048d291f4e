"""Every step of a draw, written down with the step itself."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.models import Draw, DrawEvent


def record(session: Session, draw: Draw, kind: str, *, by: int | None, at: datetime, **data: object) -> None:
    session.execute(insert(DrawEvent).values(draw_id=draw.id, kind=kind, actor_id=by, at=at, data=data))


def happened(session: Session, draw: Draw, kind: str) -> bool:
    query = select(DrawEvent.id).where(DrawEvent.draw_id == draw.id, DrawEvent.kind == kind)
    return session.scalar(query.limit(1)) is not None
