"""A major incident: one parent, told to callers before they type; who has it too joins with a tap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Missing, Refused
from app.models import Department, Event, IncidentChild, MajorIncident, Ticket
from app.models.ticket import OPEN_STATES
from app.pagination import Line
from app.services import events
from app.services.organisation import employment as people
from app.services.tickets import following, lifecycle, notes
from app.services.tickets.lifecycle import NewTicket

TITLE_MOST = 100
MOST = 50  # are shown


@dataclass(frozen=True)
class Shown:
    """One incident as the console lists it."""

    incident: MajorIncident
    ticket: Ticket
    joined: Sequence[Line]
    """Number, state, department and how many people, of each department's ticket."""
    reviews: Sequence[Line]

    @property
    def over(self) -> bool:
        return self.ticket.state not in OPEN_STATES


def declare(session: Session, ticket: Ticket, *, title: str, by: int, at: datetime, channel: str) -> MajorIncident:
    """This ticket is one of many. It is held by the caller."""
    if not title:
        raise Refused("incident_title")
    child = session.get(IncidentChild, ticket.id)
    if ticket.state not in OPEN_STATES or child is not None or of_ticket(session, ticket.id) is not None:
        raise Refused("incident_not_possible")
    incident = MajorIncident(ticket_id=ticket.id, title=title, opened_at=at, opened_by_id=by)
    session.add(incident)
    session.flush()
    events.append(session, ticket, "incident_declared", by=by, at=at, channel=channel, data={"incident": incident.id})
    return incident


def join(session: Session, incident_id: int, *, person_id: int, at: datetime, zone: ZoneInfo, channel: str) -> int:
    """I have it too: the id of my department's ticket, opened with its first; a second tap changes nothing."""
    incident = session.get(MajorIncident, incident_id, with_for_update=True)
    if incident is None or incident.closed_at is not None:
        raise Missing("no_such_incident")
    employment = people.employment_at(session, person_id, at.date())
    if employment is None or employment.department_id is None:
        raise Refused("incident_no_department")
    parent = lifecycle.locked(session, ticket_id=incident.ticket_id)
    child = _child(session, incident, parent, employment.department_id, person_id, at, zone, channel)
    joined = select(Event.id).where(Event.ticket_id == child.id, Event.kind == "joined", Event.actor_id == person_id)
    if session.scalar(joined.limit(1)) is None:
        events.append(session, child, "joined", by=person_id, at=at, channel=channel)
    return child.id


def close(session: Session, incident_id: int, *, by: int, at: datetime, channel: str) -> None:
    """Nobody is told of it any more; its tickets go on."""
    incident = session.get(MajorIncident, incident_id, with_for_update=True)
    if incident is None:
        raise Missing("no_such_incident")
    if incident.closed_at is None:
        incident.closed_at = at
        ticket = session.get_one(Ticket, incident.ticket_id)
        events.append(session, ticket, "incident_closed", by=by, at=at, channel=channel, data={"incident": incident.id})


def review(session: Session, incident_id: int, text: str, *, by: int, at: datetime, channel: str) -> None:
    """What happened, why, and what is done so that it does not happen again; once its ticket is finished."""
    incident = session.get(MajorIncident, incident_id)
    if incident is None:
        raise Missing("no_such_incident")
    ticket = lifecycle.locked(session, ticket_id=incident.ticket_id)
    if ticket.state in OPEN_STATES:
        raise Refused("incident_not_over")
    notes.add(session, ticket, text, kind="incident_reviewed", by=by, at=at, channel=channel)


def standing(session: Session) -> Sequence[MajorIncident]:
    """What callers are told, the newest first."""
    query = select(MajorIncident).where(MajorIncident.closed_at.is_(None))
    return session.scalars(query.order_by(MajorIncident.opened_at.desc())).all()


def of_ticket(session: Session, ticket_id: int) -> MajorIncident | None:
    return session.scalar(select(MajorIncident).where(MajorIncident.ticket_id == ticket_id))


def listed(session: Session, *, most: int = MOST) -> list[Shown]:
    query = select(MajorIncident, Ticket).join(Ticket, Ticket.id == MajorIncident.ticket_id)
    found = session.execute(query.order_by(MajorIncident.id.desc()).limit(most)).all()
    return [
        Shown(
            row.MajorIncident, row.Ticket, _departments(session, row.MajorIncident.id), _reviews(session, row.Ticket.id)
        )
        for row in found
    ]


def _reviews(session: Session, ticket_id: int) -> Sequence[Line]:
    written = notes.of_ticket(session, ticket_id, for_provider=False)
    return [note for note in written if note.kind == "incident_reviewed"]


def _departments(session: Session, incident_id: int) -> Sequence[Line]:
    people_of = select(func.count(Event.actor_id.distinct())).where(
        Event.ticket_id == IncidentChild.ticket_id, Event.kind == "joined"
    )
    query = (
        select(Ticket.id, Ticket.number, Ticket.state, Department.name, people_of.scalar_subquery().label("people"))
        .join(IncidentChild, IncidentChild.ticket_id == Ticket.id)
        .join(Department, Department.id == IncidentChild.department_id)
        .where(IncidentChild.incident_id == incident_id)
    )
    return session.execute(query.order_by(Ticket.id)).all()


def _child(
    session: Session,
    incident: MajorIncident,
    parent: Ticket,
    department_id: int,
    person_id: int,
    at: datetime,
    zone: ZoneInfo,
    channel: str,
) -> Ticket:
    known = select(IncidentChild.ticket_id).where(
        IncidentChild.incident_id == incident.id, IncidentChild.department_id == department_id
    )
    if (ticket_id := session.scalar(known)) is not None:
        return session.get_one(Ticket, ticket_id)
    new = NewTicket(
        source="wechat",
        description=incident.title,
        category_id=parent.category_id,
        priority=parent.priority,
        served_department_id=department_id,
        department_id=department_id,
    )
    child = lifecycle.report(session, new, by=person_id, at=at, zone=zone, channel=channel)
    child.due_at = None  # the parent's clock counts, once
    insert_first(session, IncidentChild, ticket_id=child.id, incident_id=incident.id, department_id=department_id)
    following.bring(session, child, parent, by=None, at=at)
    return child
