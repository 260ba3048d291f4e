"""The stored moments by which open tickets should be solved, proved against the clock: they are copies, no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Ticket
from app.models.incident import follows_another
from app.models.ticket import OPEN_STATES
from app.services.service_levels import clock
from app.services.service_levels.clock import Codes, Rules

BATCH = 500


@dataclass(frozen=True)
class Difference:
    ticket_id: int
    number: str
    stored: datetime | None
    counted: datetime | None


@dataclass(frozen=True)
class Proof:
    """Of some tickets; `last` is where the next ones begin, None at the end."""

    read: int
    last: int | None
    differences: Sequence[Difference]


def prove(session: Session, *, after: int, zone: ZoneInfo) -> Proof:
    """The next open tickets."""
    rows = session.execute(
        clock.coded(select(Ticket.number, Ticket.due_at))
        .where(Ticket.state.in_(OPEN_STATES), Ticket.id > after, ~follows_another())
        .order_by(Ticket.id)
        .limit(BATCH)
    ).all()
    courses, rules = clock.last_courses(session, rows), Rules.load(session, zone)
    found = []
    for row in rows:
        course = courses.get(row.id)
        counted = clock.stored_due(course, Codes.from_row(row), rules) if course else None
        if counted != row.due_at:
            found.append(Difference(row.id, row.number, row.due_at, counted))
    return Proof(len(rows), rows[-1].id if len(rows) == BATCH else None, found)


def mend(session: Session, difference: Difference, *, zone: ZoneInfo) -> None:
    """Store what the clock says now; the ticket is held against whoever changes it meanwhile."""
    ticket = session.get_one(Ticket, difference.ticket_id, with_for_update=True)
    if ticket.state in OPEN_STATES:
        ticket.due_at = None if difference.counted is None else clock.solution_due(session, ticket, zone=zone)


def recount(session: Session, *, zone: ZoneInfo) -> None:
    """Every stored moment, after limits or days off have changed."""
    after: int | None = 0
    while after is not None:
        found = prove(session, after=after, zone=zone)
        for difference in found.differences:
            mend(session, difference, zone=zone)
        after = found.last
