"""The tickets somebody reported, was served by or worked on, and what they did with them."""

from typing import Any

from sqlalchemy import select

from app.models import (
    CaseNote,
    CaseRating,
    Category,
    Event,
    ServiceCase,
    Ticket,
    TicketHelper,
    TicketNote,
    TicketPhoto,
)
from app.pagination import Query
from app.services.privacy.data.subject import Subject, any_of, belongs_to, newest


def tickets(subject: Subject) -> Query:
    return (
        select(
            Ticket.number,
            Ticket.reported_at,
            Ticket.state,
            Category.name.label("category"),
            Ticket.description,
            Ticket.location,
        )
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.id.in_(any_of(reported(subject))))
        .order_by(Ticket.reported_at.desc())
    )


def photos(subject: Subject) -> Query:
    return (
        select(Ticket.number.label("ticket"), TicketPhoto.at, TicketPhoto.media_type)
        .join(Ticket, Ticket.id == TicketPhoto.ticket_id)
        .where(belongs_to(Ticket.requester_id, subject))
        .order_by(TicketPhoto.id.desc())
    )


def cases(subject: Subject) -> Query:
    """What they complained of, or what was opened because of them, and what was said of it."""
    return (
        select(
            Ticket.number.label("ticket"),
            ServiceCase.reason.label("case_reason"),
            ServiceCase.opened_at,
            ServiceCase.stage,
            CaseNote.kind.label("note"),
            CaseNote.text,
            CaseNote.at,
            CaseRating.level,
        )
        .select_from(ServiceCase)
        .outerjoin(Ticket, Ticket.id == ServiceCase.ticket_id)
        .outerjoin(CaseNote, CaseNote.case_id == ServiceCase.id)
        .outerjoin(CaseRating, (CaseRating.case_id == ServiceCase.id) & (CaseRating.recovery == ServiceCase.recoveries))
        .where(belongs_to(ServiceCase.person_id, subject))
        .order_by(ServiceCase.opened_at.desc(), CaseNote.id)
    )


def notes(subject: Subject) -> Query:
    return (
        select(Ticket.number.label("ticket"), TicketNote.at, TicketNote.text)
        .join(Ticket, Ticket.id == TicketNote.ticket_id)
        .where(belongs_to(TicketNote.person_id, subject), TicketNote.text != "")
        .order_by(TicketNote.id.desc())
    )


def work(subject: Subject) -> Query:
    return (
        select(Ticket.number, Ticket.reported_at, Ticket.state, Ticket.finished_at)
        .where(Ticket.id.in_(any_of(worked_on(subject))))
        .order_by(Ticket.reported_at.desc())
    )


def acts(subject: Subject) -> Query:
    own_tickets = any_of([*worked_on(subject), *reported(subject)])
    return (
        select(Ticket.number.label("ticket"), Event.at, Event.kind.label("act"), Event.channel.label("by_way_of"))
        .join(Ticket, Ticket.id == Event.ticket_id)
        .where(belongs_to(Event.actor_id, subject), Event.ticket_id.in_(own_tickets))
        .order_by(Event.at.desc(), Event.id.desc())
    )


def reported(subject: Subject) -> list[Query]:
    return [_theirs(Ticket.requester_id, subject), _theirs(Ticket.served_person_id, subject)]


def worked_on(subject: Subject) -> list[Query]:
    helped = select(Ticket.id).join(TicketHelper, TicketHelper.ticket_id == Ticket.id)
    helped = helped.where(belongs_to(TicketHelper.person_id, subject))
    return [_theirs(Ticket.lead_id, subject), newest(helped, Ticket.reported_at, subject)]


def _theirs(whose: Any, subject: Subject) -> Query:
    return newest(select(Ticket.id).where(belongs_to(whose, subject)), Ticket.reported_at, subject)
