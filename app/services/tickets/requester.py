"""A person's own tickets, newest first."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import HELD
from app.errors import Missing, Refused
from app.models import Category, Department, Person, Ticket, TicketAsset
from app.services.organisation import employment as people
from app.services.organisation.assets import LabelTarget
from app.services.tickets import lifecycle
from app.services.tickets.scan import load

MOST = 30
DESCRIPTION_MOST = 500
LOCATION_MOST = 100
ENDS = 4  # digits of a number, enough to know which it is
SAME_REPORT = timedelta(minutes=5)


@dataclass(frozen=True)
class TicketSummary:
    ticket_id: int
    number: str
    state: str
    category: str
    reported_at: datetime
    cycle: int


def tickets_of(session: Session, person_id: int) -> list[TicketSummary]:
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.state, Category.name, Ticket.reported_at, Ticket.cycle)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.served_person_id == person_id)
        .order_by(Ticket.reported_at.desc())
        .limit(MOST)
    )
    return [
        TicketSummary(id_, number, state, category or "", at, cycle) for id_, number, state, category, at, cycle in rows
    ]


@dataclass(frozen=True)
class Fault:
    """What somebody reports of their own, or `about` what they scanned."""

    description: str
    category_id: int | None
    location: str = ""
    about: LabelTarget | None = None
    served_id: int | None = None
    """Somebody else it is for, who rates it then; else whoever reports."""


def report(session: Session, person_id: int, fault: Fault, *, at: datetime, zone: ZoneInfo, channel: str) -> int:
    """The id of the ticket it becomes; the same words twice are one ticket."""
    about = fault.about
    asset_id = about.id if about and about.kind == "asset" else None
    place_id = about.place_id if about else None
    if told_before := find_duplicate_report(
        session, person_id, fault.description, place_id=place_id, asset_id=asset_id, at=at
    ):
        return told_before
    employment = people.employment_at(session, fault.served_id or person_id, at.date())
    own_department = employment.department_id if employment else None
    new = lifecycle.NewTicket(
        source="wechat",
        description=fault.description,
        location=fault.location,
        category_id=fault.category_id,
        requester_id=person_id,
        served_person_id=fault.served_id or person_id,
        department_id=(about.department_id if about else None) or own_department,
        place_id=place_id,
    )
    opened = lifecycle.report(session, new, by=person_id, at=at, zone=zone, channel=channel)
    if asset_id is not None:
        session.add(TicketAsset(ticket_id=opened.id, asset_id=asset_id))
    return opened.id


@dataclass(frozen=True)
class OnRecord:
    """What an engineer is shown of whoever reports, without their typing it: where, and the end of the number to ring.

    Shown, and never copied into the ticket: what stands in the roster is erased there, and is right the day it is rung.
    """

    where: str
    telephone_ends: str


def on_record(session: Session, person_id: int, *, day: date) -> OnRecord:
    person = session.get_one(Person, person_id)
    employment = people.employment_at(session, person_id, day)
    ward = session.get(Department, employment.department_id) if employment and employment.department_id else None
    where = [ward.name, ward.building, ward.floor, ward.room] if ward else []
    return OnRecord(" ".join(filter(None, where)), person.telephone[-ENDS:])


def spot(where: str, telephone: str) -> str:
    """Where, and whom to ring up there, as the engineer reads it."""
    return "，".join(filter(None, [where, f"电话 {telephone}" if telephone else ""]))


def somebody_else(session: Session, staff_number: str, *, at: datetime) -> int:
    """Whom a report is for, by staff number; never somebody of the provider. Raises Refused."""
    person = people.by_staff_number(session, staff_number)
    if person is None or person.erased_at is not None or people.of_the_provider(session, person.id, at.date()):
        raise Refused("report_for_nobody")
    return person.id


def ticket(
    session: Session, number: str, *, person_id: int, identity_id: int, at: datetime, lock: bool = False
) -> Ticket:
    """A ticket that the person reported or that was for them or their department; raises Missing."""
    query = select(Ticket).where(Ticket.number == number)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise Missing("no_such_ticket")
    if found.requester_id != person_id:
        seen = load(session, found.id, identity_id=identity_id, at=at)
        if not seen.served or seen.provider_staff:
            raise Missing("no_such_ticket")
    return found


def find_duplicate_report(
    session: Session, person_id: int, description: str, *, place_id: int | None, asset_id: int | None, at: datetime
) -> int | None:
    """The person's ticket with the same words, if only just reported: a second tap makes no second ticket."""
    session.get_one(Person, person_id, with_for_update=HELD)  # two taps at once come one after the other
    return session.scalar(
        select(Ticket.id)
        .outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id)
        .where(
            Ticket.requester_id == person_id,
            Ticket.place_id.is_not_distinct_from(place_id),
            TicketAsset.asset_id.is_not_distinct_from(asset_id),
            Ticket.reported_at > at - SAME_REPORT,
            Ticket.state == "reported",
            Ticket.description == description,
        )
        .limit(1)
    )
