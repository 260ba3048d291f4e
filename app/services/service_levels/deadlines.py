"""A ticket's time: told to its engineer when little of it is left, and again when it is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models import Event, Notice, Ticket
from app.models.ticket import PRIORITIES, UNDER_WAY
from app.pagination import Line, Query
from app.services.events import Recorded
from app.services.notices import outbox
from config.notices import notice_rules

RINGS_FOR = timedelta(days=1)  # what has been overdue for longer is known


def due(session: Session, *, at: datetime) -> Sequence[int]:
    """The tickets whose engineers have to be told now."""
    return [row.id for row in session.execute(_running_out(at)) if _kind(row, at)]


def remind(session: Session, ticket: Ticket, *, at: datetime) -> None:
    """Tell the lead, once a cycle that it is soon, once that it is over. The ticket is held by the caller."""
    row = session.execute(_running_out(at).where(Ticket.id == ticket.id)).first()
    if row is not None and (kind := _kind(row, at)):
        outbox.add(session, kind, Recorded(row.begun, ticket.id), to=row.lead_id, at=at)


def _kind(row: Line, at: datetime) -> str:
    if row.due_at <= at:
        return "" if row.told_over else "overdue"
    return "" if row.told_soon else "overdue_soon"


def _running_out(at: datetime) -> Query:
    """Found by the index of the tickets under way: what is nearly due, or was a day ago."""
    begun = select(Event.id).where(
        Event.ticket_id == Ticket.id, Event.cycle == Ticket.cycle, Event.kind.in_(("reported", "reopened"))
    )
    notified = select(Notice.id).join(Event, Event.id == Notice.event_id)
    notified = notified.where(Notice.ticket_id == Ticket.id, Event.cycle == Ticket.cycle)
    return select(
        Ticket.id,
        Ticket.lead_id,
        Ticket.due_at,
        begun.limit(1).scalar_subquery().label("begun"),
        notified.where(Notice.kind == "overdue_soon").exists().label("told_soon"),
        notified.where(Notice.kind == "overdue").exists().label("told_over"),
    ).where(
        UNDER_WAY,
        Ticket.due_at > at - RINGS_FOR,
        Ticket.due_at <= at + max(_warned_before(priority) for priority in PRIORITIES),
        or_(*(_soon(priority, at) for priority in PRIORITIES)),
        Ticket.lead_id.is_not(None),
    )


def _soon(priority: int, at: datetime) -> ColumnElement[bool]:
    return and_(Ticket.priority == priority, Ticket.due_at <= at + _warned_before(priority))


def _warned_before(priority: int) -> timedelta:
    return timedelta(minutes=notice_rules().soon_minutes[priority - 1])
