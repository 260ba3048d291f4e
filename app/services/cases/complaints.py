"""Complaints: written by the user about their ticket, read and answered by the hospital, never seen by the provider."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from app.errors import Missing, Refused
from app.models import Complaint, Department, Person, Ticket
from app.pagination import Cursor, Line, Page, Query, newest_first
from app.services import events
from app.services.events import About
from app.services.notices import outbox

STATES = ("open", "answered")
LONGEST = 1000


def complain(session: Session, ticket: Ticket, text: str, *, by: int, at: datetime, channel: str) -> Complaint:
    """The ticket is locked. A second complaint waits for the answer to the first; raises Refused."""
    waiting = select(Complaint.id).where(
        Complaint.ticket_id == ticket.id, Complaint.person_id == by, Complaint.state == "open"
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise Refused("complained_already")
    complaint = Complaint(ticket_id=ticket.id, person_id=by, text=text, source=channel, at=at, state="open", answer="")
    session.add(complaint)
    session.flush()
    about = About.beside(ticket, complaint.id)
    events.append(session, about, "complained", by=by, at=at, channel=channel, data={"complaint": complaint.id})
    return complaint


def answer(session: Session, complaint_id: int, text: str, *, by: int, at: datetime, channel: str) -> None:
    """Once; the complainant is told that there is an answer. Raises Refused."""
    answered = session.scalars(
        update(Complaint)
        .where(Complaint.id == complaint_id, Complaint.state == "open")
        .values(state="answered", answer=text, answered_at=at, answered_by_id=by)
        .returning(Complaint)
    ).one_or_none()
    if answered is None:
        raise Refused("complaint_answered")
    ticket = session.get_one(Ticket, answered.ticket_id)
    data = {"complaint": complaint_id}
    event = events.append(
        session, About.beside(ticket, complaint_id), "complaint_answered", by=by, at=at, channel=channel, data=data
    )
    outbox.add(session, "complaint_answered", event, to=answered.person_id, at=at)


def of_person(session: Session, ticket_id: int, person_id: int) -> Sequence[Complaint]:
    """The complaints of one person about this ticket, oldest first."""
    query = select(Complaint).where(Complaint.ticket_id == ticket_id, Complaint.person_id == person_id)
    return session.scalars(query.order_by(Complaint.id)).all()


def find(session: Session, *, state: str, after: Cursor | None = None) -> Page:
    query = _lines().where(Complaint.state == state) if state else _lines()
    return newest_first(session, query, Complaint.at, Complaint.id, after=after)


def get(session: Session, complaint_id: int) -> Line:
    """Raises Missing."""
    row = session.execute(_lines().where(Complaint.id == complaint_id)).first()
    if row is None:
        raise Missing("no_such_complaint")
    return row


@cache
def _lines() -> Query:
    who, answerer = aliased(Person), aliased(Person)
    return (
        select(
            Complaint.id,
            Complaint.text,
            Complaint.source,
            Complaint.at,
            Complaint.state,
            (Complaint.state == "open").label("open"),
            Complaint.answer,
            Complaint.answered_at,
            Ticket.number,
            Ticket.state.label("ticket_state"),
            Department.name.label("department"),
            who.name.label("who"),
            who.staff_number,
            who.telephone,
            answerer.name.label("answerer"),
        )
        .join(Ticket, Ticket.id == Complaint.ticket_id)
        .join(who, who.id == Complaint.person_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(answerer, answerer.id == Complaint.answered_by_id)
    )
