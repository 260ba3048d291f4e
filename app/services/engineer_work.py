"""What an engineer has to do, as he sees it: never whether or how it was rated."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Category, Department, Person, Place, Ticket, TicketHelper
from app.models.ticket import OPEN_STATES

NEXT = {"dispatched": ("accept",), "accepted": ("arrive", "finish"), "arrived": ("finish",), "reopened": ("accept",)}
RECENT = 20


@dataclass(frozen=True)
class Job:
    ticket_id: int
    number: str
    state: str
    cycle: int
    priority: int
    description: str
    category: str
    department: str
    where: str
    requester: str
    telephone: str
    reported_at: datetime
    mine: bool
    rateable: bool

    @property
    def next_acts(self) -> tuple[str, ...]:
        return NEXT.get(self.state, ()) if self.mine else ()


@dataclass(frozen=True)
class Work:
    open: list[Job]
    done: list[Job]


def of(session: Session, engineer: int) -> Work:
    """His open tickets and those he helps with, the most urgent first, and the last ones he finished."""
    his = Ticket.lead_id == engineer
    theirs = or_(his, _helps(engineer))
    open_ = _jobs(session, engineer, theirs, Ticket.state.in_(OPEN_STATES), order=(Ticket.priority, Ticket.reported_at))
    done = _jobs(session, engineer, his, Ticket.state.in_(("finished", "closed")), order=(Ticket.id.desc(),))
    return Work(open_, done)


def one(session: Session, number: str, *, engineer: int) -> Job:
    """A ticket he leads or helps with; raises Missing for anybody else's."""
    theirs = or_(Ticket.lead_id == engineer, _helps(engineer))
    found = _jobs(session, engineer, Ticket.number == number, theirs, order=())
    if not found:
        raise Missing("no_such_ticket")
    return found[0]


def _helps(engineer: int) -> Any:
    return Ticket.id.in_(select(TicketHelper.ticket_id).where(TicketHelper.person_id == engineer))


def _jobs(session: Session, engineer: int, *conditions: Any, order: tuple[Any, ...]) -> list[Job]:
    query: Any = (
        select(Ticket, Category.name, Department, Place, Person)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(Person, Person.id == Ticket.requester_id)
        .where(*conditions)
        .order_by(*order)
        .limit(RECENT)
    )
    return [_job(engineer, *row) for row in session.execute(query)]


def _job(
    engineer: int,
    ticket: Ticket,
    category: str | None,
    department: Department | None,
    place: Place | None,
    requester: Person | None,
) -> Job:
    spot = place or department
    return Job(
        ticket_id=ticket.id,
        number=ticket.number,
        state=ticket.state,
        cycle=ticket.cycle,
        priority=ticket.priority,
        description=ticket.description,
        category=category or "",
        department=department.name if department else "",
        where=" ".join(filter(None, [spot.building, spot.floor, spot.room])) if spot else "",
        requester=requester.name if requester else "",
        telephone=requester.telephone if requester else "",
        reported_at=ticket.reported_at,
        mine=ticket.lead_id == engineer,
        rateable=ticket.rateable,
    )
