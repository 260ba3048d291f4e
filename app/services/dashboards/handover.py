"""One page for the change of shift: what is still open and waits for what, and what the shift did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from app.models import Completion, Event, Person, Ticket
from app.models.ticket import OPEN_STATES
from app.pagination import Line
from app.services.dashboards import board
from app.services.dashboards.board import BoardFilter, BoardTicket

SHOWN = 30  # lines: it is one page


@dataclass(frozen=True)
class Shift:
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Handover:
    rows: Sequence[BoardTicket]
    more: int
    reported: int
    finished: Sequence[Line]
    """How many each engineer finished."""
    urged: int
    missed: int

    @property
    def finished_count(self) -> int:
        return sum(one.tickets for one in self.finished)

    @property
    def handed_over(self) -> int:
        return len(self.rows) + self.more


def shift_of(at: datetime, changes: Sequence[time], *, zone: ZoneInfo) -> Shift:
    """The shift that runs at this moment; at the very change, the one that just ended."""
    day = at.astimezone(zone).date()
    days = [day + timedelta(days=number) for number in (-1, 0, 1)]
    moments = sorted(datetime.combine(one, change, zone) for one in days for change in changes)
    ends = next(moment for moment in moments if moment >= at)
    return Shift(moments[moments.index(ends) - 1], ends)


def load(session: Session, shift: Shift, *, zone: ZoneInfo, at: datetime) -> Handover:
    """As it stands now; what was done counts from the beginning of the shift to its end."""
    shown = board.load(session, BoardFilter(), zone=zone, at=at)
    rows = shown.rows[:SHOWN]
    done = (
        select(func.coalesce(Person.name, "").label("lead"), func.count().label("tickets"))
        .select_from(Completion)
        .outerjoin(Person, Person.id == Completion.lead_id)
        .where(Completion.finished_at >= shift.begins, Completion.finished_at < shift.ends)
        .group_by(Person.name)
        .order_by(func.count().desc(), Person.name)
    )
    reported = select(func.count()).select_from(Ticket)
    reported = reported.where(Ticket.reported_at >= shift.begins, Ticket.reported_at < shift.ends)
    return Handover(
        rows=rows,
        more=len(shown.rows) - len(rows) + shown.more,
        reported=session.scalar(reported.where(Ticket.reported_at >= shift.begins, Ticket.reported_at < shift.ends))
        or 0,
        finished=session.execute(done).all(),
        urged=_counted(session, "urged", shift),
        missed=_counted(session, "limit_missed", shift),
    )


def _counted(session: Session, kind: str, shift: Shift) -> int:
    """Of what is open, or was reported or finished since: found by index, however long the history is."""
    touched = union(
        select(Ticket.id).where(Ticket.state.in_(OPEN_STATES)),
        select(Ticket.id).where(Ticket.reported_at >= shift.begins),
        select(Completion.ticket_id).where(Completion.finished_at >= shift.begins),
    )
    query = select(func.count()).select_from(Event)
    query = query.where(Event.ticket_id.in_(touched), Event.kind == kind)
    return session.scalar(query.where(Event.at >= shift.begins, Event.at < shift.ends)) or 0
