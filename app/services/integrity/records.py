"""A quarter's work and ratings as the signals read them, as they stood at a moment."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models import Completion, CountedRating, Event, Rating, RatingCorrection, RatingDetail, ServiceCase, Ticket
from app.services.indicators.quarters import Quarter
from supervision.signals import Answer, Dropped, Job, Records

WALK_IN = "walk_in"
UNHAPPY = ("urged", "still_broken", "reopened")
CONTACT = ("opened", "shown", "accepted", "arrived", "finished")
THIRD = 8  # hours


def load(session: Session, quarter: Quarter, *, until: datetime, zone: ZoneInfo) -> Records:
    """What was finished in the quarter, and what was said of it before `until`."""
    begins, ends = quarter.begins(zone), min(quarter.ends(zone), until)
    return Records(
        list(_jobs(session, begins, ends, until, zone)),
        list(_answers(session, begins, ends, until)),
        list(_dropped(session, begins, ends)),
    )


def _jobs(session: Session, begins: datetime, ends: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Job]:
    own = and_(Event.ticket_id == Completion.ticket_id, Event.cycle == Completion.cycle)
    by_lead = and_(own, Event.kind == "reported", Event.actor_id == Completion.lead_id)
    query = (
        select(
            Completion.id,
            Completion.ticket_id,
            Completion.lead_id,
            Completion.department_id,
            Completion.finished_at,
            _exists(own, Event.state == "arrived"),
            _exists(own, Event.kind == "shown", Event.at < until),
            or_(Ticket.source == WALK_IN, _exists(by_lead)),
            or_(_exists(own, Event.kind.in_(UNHAPPY), Event.at < until), _case(until)),
        )
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .where(*_finished(begins, ends), Completion.lead_id.is_not(None), Completion.rateable)
        .order_by(Completion.id)
    )
    rows: Iterator[Any] = iter(session.execute(query))
    for id_, ticket, lead, department, at, *marks in rows:
        shift = at.astimezone(zone).hour // THIRD
        yield Job(id_, ticket, lead, department or 0, int(at.timestamp()), shift, *map(bool, marks))


def _answers(session: Session, begins: datetime, ends: datetime, until: datetime) -> Iterator[Answer]:
    contact = aliased(Event)
    met = select(contact.id).where(
        contact.ticket_id == Completion.ticket_id,
        contact.kind.in_(CONTACT),
        contact.actor_id.is_not(None),
        contact.at > Rating.at,
        contact.at < RatingCorrection.at,
    )
    query = (
        select(
            Rating.id,
            Rating.completion_id,
            Rating.identity_id,
            func.coalesce(CountedRating.person_id, Rating.person_id, -Rating.identity_id),
            Rating.level,
            RatingCorrection.level,
            Rating.at,
            or_(met.exists(), func.coalesce(RatingDetail.pressed, false())),
            RatingDetail.comment,
            RatingDetail.quality,
        )
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .join(Completion, Completion.id == Rating.completion_id)
        .outerjoin(RatingCorrection, and_(RatingCorrection.rating_id == Rating.id, RatingCorrection.at < until))
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
        .where(*_finished(begins, ends), Completion.lead_id.is_not(None), Completion.rateable, CountedRating.at < until)
        .order_by(Rating.id)
    )
    for id_, job, rater, person, level, corrected, at, contacted, words, quality in session.execute(query):
        standing, first = (level, 0) if corrected is None else (corrected, level)
        line = tuple((quality or {}).values())
        yield Answer(id_, job, rater, person, standing, int(at.timestamp()), first, bool(contacted), words or "", line)


def _dropped(session: Session, begins: datetime, ends: datetime) -> Iterator[Dropped]:
    """Cancelled then, by whomever, of those an engineer had."""
    cancelled = aliased(Event)
    before = and_(Event.ticket_id == Ticket.id, Event.at <= cancelled.at)
    case = select(ServiceCase.id).where(ServiceCase.ticket_id == Ticket.id, ServiceCase.opened_at <= cancelled.at)
    query = (
        select(Ticket.id, Ticket.lead_id, or_(_exists(before, Event.kind.in_(UNHAPPY)), case.exists()))
        .join(cancelled, cancelled.ticket_id == Ticket.id)
        .where(cancelled.state == "cancelled", cancelled.at >= begins, cancelled.at < ends, Ticket.lead_id.is_not(None))
        .order_by(Ticket.id)
    )
    rows: Iterator[Any] = iter(session.execute(query))
    for ticket, lead, unhappy in rows:
        yield Dropped(ticket, lead, bool(unhappy))


def _finished(begins: datetime, ends: datetime) -> tuple[ColumnElement[bool], ...]:
    return Completion.finished_at >= begins, Completion.finished_at < ends


def _exists(*conditions: Any) -> ColumnElement[bool]:
    return select(Event.id).where(*conditions).exists()


def _case(until: datetime) -> ColumnElement[bool]:
    """A low score, a complaint, an urge nobody answered."""
    same = (ServiceCase.ticket_id == Completion.ticket_id, ServiceCase.cycle == Completion.cycle)
    return select(ServiceCase.id).where(*same, ServiceCase.opened_at < until).exists()
