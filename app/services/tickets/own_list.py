"""A person's own tickets in three groups: what waits for their rating, what is under way, what is over."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Campus, Category, Completion, CountedRating, Department, Person, Ticket
from app.models.ticket import OPEN_STATES
from app.services.service_levels import clock
from app.services.tickets.requester import MOST

Outcome = Literal["waits", "rated", "over"]
STAND_OPEN = 2
FINISHED = ("finished", "closed")


@dataclass(frozen=True)
class OwnTicket:
    """`due`: by when it should be solved, while it is under way."""

    id: int
    number: str
    state: str
    cycle: int
    priority: int
    description: str
    category_id: int | None
    category: str
    department_code: str | None
    campus_code: str | None
    lead: str
    reported_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    due: datetime | None = None


@dataclass(frozen=True)
class Fold:
    """A group's first, which stand open; the others fold, so that what is under way is not far below."""

    shown: list[OwnTicket]
    folded: list[OwnTicket]

    @property
    def more(self) -> int:
        return len(self.folded)


@dataclass(frozen=True)
class OwnTickets:
    to_rate: list[OwnTicket]
    under_way: list[OwnTicket]
    finished: list[OwnTicket]

    @property
    def waiting(self) -> Fold:
        return Fold(self.to_rate[:STAND_OPEN], self.to_rate[STAND_OPEN:])

    @property
    def over(self) -> Fold:
        return Fold(self.finished[:STAND_OPEN], self.finished[STAND_OPEN:])


def of_person(
    session: Session, person_id: int, *, may_rate: bool, window: timedelta, zone: ZoneInfo, at: datetime
) -> OwnTickets:
    """The last MOST that served the person, newest first. Who may not rate is told nothing of ratings."""
    rows = session.execute(
        select(
            Ticket,
            Category.name,
            Department.code,
            Campus.code,
            Person.name,
            Completion.finished_at,
            Completion.rateable,
            CountedRating.rating_id,
        )
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Campus, Campus.id == Department.campus_id)
        .outerjoin(Person, Person.id == Ticket.lead_id)
        .outerjoin(Completion, (Completion.ticket_id == Ticket.id) & (Completion.cycle == Ticket.cycle))
        .outerjoin(CountedRating, CountedRating.completion_id == Completion.id)
        .where(Ticket.served_person_id == person_id)
        .order_by(Ticket.reported_at.desc())
        .limit(MOST)
    )
    found = [_own(*row, since=at - window) for row in rows]
    if not may_rate:
        found = [replace(one, outcome=None) for one in found]
    open_: Any = [one for one in found if one.state in OPEN_STATES]
    marks = clock.marks(session, open_, "solution", zone=zone, at=at)
    timed = [replace(one, due=marks[one.id]["solution"].due if one.id in marks else None) for one in open_]
    to_rate = [one for one in found if one.outcome == "waits"]
    return OwnTickets(to_rate, timed, [one for one in found if one.state not in OPEN_STATES and one not in to_rate])


def outcomes(session: Session, ticket_ids: Collection[int], *, window: timedelta, at: datetime) -> dict[int, Outcome]:
    """What came of the ratings these tickets asked for; one that is under way again is left out."""
    rows = session.execute(
        select(Ticket.id, Completion.finished_at, CountedRating.rating_id)
        .join(Completion, (Completion.ticket_id == Ticket.id) & (Completion.cycle == Ticket.cycle))
        .outerjoin(CountedRating, CountedRating.completion_id == Completion.id)
        .where(Ticket.id.in_(ticket_ids), Ticket.state.in_(FINISHED), Completion.rateable)
    )
    return {id_: _outcome(finished_at, rating_id, at - window) for id_, finished_at, rating_id in rows}


def _outcome(finished_at: datetime, rating_id: int | None, since: datetime) -> Outcome:
    if rating_id is not None:
        return "rated"
    return "waits" if finished_at >= since else "over"


def _own(
    ticket: Ticket,
    category: str | None,
    department: str | None,
    campus: str | None,
    lead: str | None,
    *done: Any,
    since: datetime,
) -> OwnTicket:
    finished_at, rateable, rating_id = done
    to_rate = finished_at is not None and rateable and ticket.state in FINISHED
    return OwnTicket(
        id=ticket.id,
        number=ticket.number,
        state=ticket.state,
        cycle=ticket.cycle,
        priority=ticket.priority,
        description=ticket.description or "",
        category_id=ticket.category_id,
        category=category or "",
        department_code=department,
        campus_code=campus,
        lead=lead or "",
        reported_at=ticket.reported_at,
        finished_at=finished_at,
        outcome=_outcome(finished_at, rating_id, since) if to_rate else None,
    )
