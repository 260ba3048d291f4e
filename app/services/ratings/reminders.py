"""The one reminder that a service may be rated: only to who asked for it, once a completion, never to the provider."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import LocalDay, utc_offset
from app.models import (
    Completion,
    CompletionHelper,
    CountedRating,
    Employment,
    Event,
    Notice,
    Person,
    Ticket,
)
from app.pagination import Query
from app.services.notices import outbox
from config.notices import notice_rules

LATE_BY = timedelta(hours=6)  # after a longer standstill of the worker nobody is reminded


def wish(session: Session, person_id: int, *, on: bool, at: datetime) -> None:
    """The person wants to be reminded, or no longer."""
    person = session.get_one(Person, person_id)
    person.reminders_since = (person.reminders_since or at) if on else None


def wished(session: Session, person_id: int) -> bool:
    return session.scalar(select(Person.reminders_since).where(Person.id == person_id)) is not None


def due(session: Session, *, window: timedelta, at: datetime) -> Sequence[int]:
    """The tickets whose served person may be reminded now."""
    return [row.ticket_id for row in session.execute(_unrated(window, at))]


def remind(session: Session, ticket: Ticket, *, window: timedelta, at: datetime) -> None:
    """Remind the person served, unless already done or rated meanwhile. The ticket is held by the caller."""
    row = session.execute(_unrated(window, at).where(Ticket.id == ticket.id)).first()
    if row is not None:
        outbox.add(session, "rate_reminder", session.get_one(Event, row.event_id), to=row.person_id, at=at)


def _unrated(window: timedelta, at: datetime) -> Query:
    finished_by = at - timedelta(hours=notice_rules().reminder_hours)
    finished = (Event.ticket_id == Ticket.id) & (Event.cycle == Ticket.cycle) & (Event.kind == "finished")
    this_cycle = (Ticket.id == Completion.ticket_id) & (Ticket.cycle == Completion.cycle)
    rated = select(CountedRating.rating_id).where(CountedRating.completion_id == Completion.id)
    reminded = select(Notice.id).where(Notice.event_id == Event.id, Notice.kind == "rate_reminder")
    helped = select(CompletionHelper.person_id).where(CompletionHelper.completion_id == Completion.id)
    of_the_provider = select(Employment.id).where(
        Employment.person_id == Person.id,
        Employment.of_provider(LocalDay(Completion.finished_at, utc_offset(at)), at.date()),
    )
    return (
        select(Ticket.id.label("ticket_id"), Event.id.label("event_id"), Person.id.label("person_id"))
        .select_from(Completion)
        .join(Ticket, this_cycle)
        .join(Event, finished)
        .join(Person, Person.id == Ticket.served_person_id)
        .where(
            Completion.finished_at <= finished_by,
            Completion.finished_at > max(finished_by - LATE_BY, at - window),
            Completion.rateable,
            Ticket.state.in_(("finished", "closed")),
            Person.reminders_since.is_not(None),
            Person.erased_at.is_(None),
            Person.id != Completion.lead_id,
            Person.id.not_in(helped),
            ~rated.exists(),
            ~reminded.exists(),
            ~of_the_provider.exists(),
        )
    )
