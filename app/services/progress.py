"""A ticket's progress as the user may see it: which step was reached when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Event

STEPS = ("reported", "dispatched", "accepted", "arrived", "finished")


@dataclass(frozen=True)
class Step:
    state: str
    at: datetime | None


def steps(session: Session, ticket_id: int, *, cycle: int) -> list[Step]:
    """The steps of this cycle in order, with the time of the last such move; after a reopening it begins anew."""
    rows = session.execute(
        select(Event.state, Event.at)
        .where(Event.ticket_id == ticket_id, Event.cycle == cycle, Event.state.is_not(None))
        .order_by(Event.at, Event.id)
    )
    reached: dict[str, datetime] = {state: at for state, at in rows if state}
    first = "reopened" if cycle > 1 else "reported"
    order = (first, *STEPS[1:])
    return [Step(state, reached.get(state)) for state in order]


def last_said(session: Session, ticket_id: int, kind: str, *, cycle: int) -> datetime | None:
    """When somebody last asked to hurry (`urged`), or said that it is still broken (`still_broken`)."""
    return session.scalar(
        select(func.max(Event.at)).where(Event.ticket_id == ticket_id, Event.cycle == cycle, Event.kind == kind)
    )
