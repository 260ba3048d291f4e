"""A ticket's progress as the user may see it: which step was reached when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Event

GIVEN_ANEW = ("dispatched", "handed_over", "declined")
STEPS = ("reported", "dispatched", "accepted", "arrived", "finished")


@dataclass(frozen=True)
class Step:
    state: str
    at: datetime | None


def steps(session: Session, ticket_id: int, *, cycle: int) -> list[Step]:
    """The steps of this cycle in order, with the time of the last such move; after a reopening it begins anew."""
    return steps_of(session, {ticket_id: cycle})[ticket_id]


def steps_of(session: Session, cycles: Mapping[int, int]) -> dict[int, list[Step]]:
    """The same for several tickets at once: their ids, each with its cycle."""
    reached: dict[int, dict[str, datetime]] = {ticket_id: {} for ticket_id in cycles}
    rows: Iterable[Any] = session.execute(
        select(Event.ticket_id, Event.cycle, Event.kind, Event.state, Event.at)
        .where(Event.ticket_id.in_(cycles), Event.state.is_not(None))
        .order_by(Event.at, Event.id)
    )
    for ticket_id, cycle, kind, state, at in rows:
        if cycle == cycles[ticket_id]:
            _reach(reached[ticket_id], kind, state, at)
    return {ticket_id: _in_order(moments, cycles[ticket_id]) for ticket_id, moments in reached.items()}


def last_said(session: Session, ticket_id: int, kind: str, *, cycle: int) -> datetime | None:
    """When somebody last asked to hurry (`urged`), or said that it is still broken (`still_broken`)."""
    return session.scalar(
        select(func.max(Event.at)).where(Event.ticket_id == ticket_id, Event.cycle == cycle, Event.kind == kind)
    )


def _reach(reached: dict[str, datetime], kind: str, state: str, at: datetime) -> None:
    """Whoever is given a ticket anew begins anew: what the one before had reached is not reached any more."""
    if kind in GIVEN_ANEW:
        for later in ("dispatched", "accepted", "arrived"):
            reached.pop(later, None)
    if kind != "declined":
        reached[state] = at


def _in_order(reached: Mapping[str, datetime], cycle: int) -> list[Step]:
    first = "reopened" if cycle > 1 else "reported"
    return [Step(state, reached.get(state)) for state in (first, *STEPS[1:])]
