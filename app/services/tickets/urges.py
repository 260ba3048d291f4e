"""An urge stands until somebody answers it: on the engineer's ticket, in the lists and on the board.

Answered is what the user can see: that somebody said so, or accepted, came or finished. A new dispatch is no answer.
What nobody has answered for half an hour is put on record and told to the hospital; whoever keeps cases reads it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.errors import Refused
from app.models import Event, Person, Ticket
from app.models.ticket import OPEN_STATES
from app.pagination import Query
from app.services import events
from app.services.events import Recorded
from app.services.notices import outbox
from app.services.organisation import duty

ANSWERS = ("coming", "working", "waiting", "arranging")
ANSWERED_BY = ("urge_answered", "accepted", "arrived", "finished", "closed", "cancelled")
WITHIN = timedelta(minutes=30)


@dataclass(frozen=True)
class UrgeAnswer:
    """What was said to the user, by whom and when."""

    code: str
    at: datetime
    by: str


def standing(session: Session, *, tickets: Sequence[int] | None = None) -> dict[int, datetime]:
    """The open tickets whose urge nobody has answered, each with the moment of the first such urge."""
    query = _unanswered()
    if tickets is not None:
        query = query.where(Ticket.id.in_(tickets))
    return {row.id: row.at for row in session.execute(query)}


def answer(session: Session, ticket: Ticket, *, code: str, by: int, at: datetime, channel: str) -> Recorded:
    """Say to the user what is being done; who urged is told. The ticket is held by the caller."""
    if code not in ANSWERS:
        raise Refused("answer_missing")
    if ticket.id not in standing(session, tickets=[ticket.id]):
        raise Refused("no_urge")
    event = events.append(session, ticket, "urge_answered", by=by, at=at, channel=channel, data={"answer": code})
    urged = select(Event.actor_id).where(
        Event.ticket_id == ticket.id, Event.cycle == ticket.cycle, Event.kind == "urged", Event.actor_id.is_not(None)
    )
    user = session.scalar(urged.order_by(Event.id.desc()).limit(1)) or ticket.served_person_id
    if user is not None:
        outbox.add(session, "urge_answered", event, to=user, at=at)
    return event


def last_answer(session: Session, ticket_id: int, *, cycle: int) -> UrgeAnswer | None:
    """The last answer of this cycle that was said in words."""
    query = select(Event.data, Event.at, Person.name).join(Person, Person.id == Event.actor_id)
    query = query.where(Event.ticket_id == ticket_id, Event.cycle == cycle, Event.kind == "urge_answered")
    row = session.execute(query.order_by(Event.id.desc()).limit(1)).first()
    return UrgeAnswer(row.data["answer"], row.at, row.name) if row is not None and row.data else None


def due(session: Session, *, at: datetime) -> Sequence[int]:
    """The tickets whose urge has waited too long and that nobody was told of yet."""
    return [row.id for row in session.execute(_overdue(at))]


def escalate(session: Session, ticket: Ticket, *, at: datetime) -> None:
    """Put it on record, once for what stands; tell the supervisors on duty where nobody knows who urged.

    The ticket is held by the caller.
    """
    row = session.execute(_overdue(at).where(Ticket.id == ticket.id)).first()
    if row is None:
        return
    event = events.append(
        session, ticket, "urge_escalated", by=None, at=row.at + WITHIN, channel="clock", recorded_at=at
    )
    known = select(Event.id).where(
        Event.ticket_id == ticket.id, Event.kind == "urged", Event.at >= row.at, Event.actor_id.is_not(None)
    )
    if session.scalar(known.limit(1)) is not None:
        return  # a case is opened for them, and that tells the supervisors
    for supervisor in duty.supervisors_on_duty(session, at=at):
        outbox.add(session, "urge_unanswered", event, to=supervisor, at=at)


def _overdue(at: datetime) -> Query:
    escalated = aliased(Event)
    already = select(escalated.id).where(
        escalated.ticket_id == Ticket.id, escalated.kind == "urge_escalated", escalated.id > Event.id
    )
    return _unanswered().where(~already.exists()).having(func.min(Event.at) <= at - WITHIN)


@cache
def _unanswered() -> Query:
    later = aliased(Event)
    answered = select(later.id).where(
        later.ticket_id == Ticket.id,
        later.cycle == Ticket.cycle,
        later.kind.in_(ANSWERED_BY),
        later.id > Event.id,
    )
    return (
        select(Ticket.id, func.min(Event.at).label("at"))
        .join(Event, (Event.ticket_id == Ticket.id) & (Event.cycle == Ticket.cycle))
        .where(Ticket.state.in_(OPEN_STATES), Event.kind == "urged", ~answered.exists())
        .group_by(Ticket.id)
    )
