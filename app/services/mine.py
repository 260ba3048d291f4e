"""A person's own tickets, newest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Category, Person, Ticket
from app.services import people, tickets
from app.services.scan import look

MOST = 30
DESCRIPTION_MOST = 500
LOCATION_MOST = 100
SAME_REPORT = timedelta(minutes=5)


@dataclass(frozen=True)
class Mine:
    ticket_id: int
    number: str
    state: str
    category: str
    reported_at: datetime
    cycle: int


def tickets_of(session: Session, person_id: int) -> list[Mine]:
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.state, Category.name, Ticket.reported_at, Ticket.cycle)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.served_person_id == person_id)
        .order_by(Ticket.reported_at.desc())
        .limit(MOST)
    )
    return [Mine(id_, number, state, category or "", at, cycle) for id_, number, state, category, at, cycle in rows]


def report(
    session: Session,
    person_id: int,
    *,
    description: str,
    location: str = "",
    category_id: int | None,
    at: datetime,
    zone: ZoneInfo,
    channel: str,
) -> int:
    """Somebody reports a fault of his own; the same words twice are one ticket. Answers its id."""
    if told_before := told_just_now(session, person_id, description, at=at):
        return told_before
    employment = people.employment_at(session, person_id, at.date())
    told = tickets.Report(
        source="wechat",
        description=description,
        location=location,
        category_id=category_id,
        requester_id=person_id,
        served_person_id=person_id,
        department_id=employment.department_id if employment else None,
    )
    return tickets.report(session, told, by=person_id, at=at, zone=zone, channel=channel).id


def ticket(
    session: Session, number: str, *, person_id: int, identity_id: int, at: datetime, lock: bool = False
) -> Ticket:
    """A ticket that he reported or that was for him or his department; raises Missing."""
    query = select(Ticket).where(Ticket.number == number)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise Missing("no_such_ticket")
    if found.requester_id != person_id:
        seen = look(session, found.id, identity_id=identity_id, on=at.date())
        if not seen.served or seen.provider_staff:
            raise Missing("no_such_ticket")
    return found


def told_just_now(session: Session, person_id: int, description: str, *, at: datetime) -> int | None:
    """His ticket with the same words, if he has only just reported it: a second tap makes no second ticket."""
    session.get_one(Person, person_id, with_for_update=True)  # two taps at once come one after the other
    return session.scalar(
        select(Ticket.id)
        .where(
            Ticket.served_person_id == person_id,
            Ticket.reported_at > at - SAME_REPORT,
            Ticket.state == "reported",
            Ticket.description == description,
        )
        .limit(1)
    )
