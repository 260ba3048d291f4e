"""What somebody without a phone ticked on paper or said on the telephone, entered by the hospital's supervisor.

A source of its own: it takes no slot, stands in no score and earns no ticket of a draw. So it may stand beside an
answer the user gave himself: refusing it would lose a voice without a trace, and it counts nowhere twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from app.db import insert_first
from app.errors import Missing, Refused
from app.models import (
    Category,
    Completion,
    CountedRating,
    Department,
    EnteredRating,
    EnteredRatingPhoto,
    Person,
    SlipLink,
    Ticket,
)
from app.models.rating import LEVELS
from app.services import photos, slip_pads, tickets
from app.services.pages import Line, Page, Query, newest_first
from app.services.rating_list import SATISFIED_FROM, Figure

PAPER, TELEPHONE = SOURCES = ("paper", "telephone")
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """`given_at` is the moment of the call, or the beginning of the day that stands on the slip."""

    level: int
    source: str
    given_at: datetime
    photo: bytes | None


def ticket_id(session: Session, text: str) -> int:
    """The ticket of this number, or the one the slip of this number was given to; raises Missing."""
    found = session.scalar(select(Ticket.id).where(Ticket.number == text))
    slip = slip_pads.read_name(text)
    if found is None and slip is not None:
        found = session.scalar(select(SlipLink.ticket_id).where(SlipLink.number == slip))
    if found is None:
        raise Missing("no_such_ticket")
    return found


def enter(session: Session, ticket: Ticket, entry: Entry, *, window: timedelta, by: int, at: datetime) -> None:
    """Once for each completion; the ticket is locked."""
    completion = _completion(session, ticket)
    _check(entry, completion.finished_at, window, at)
    row = {"source": entry.source, "level": entry.level, "given_at": entry.given_at, "by_id": by, "at": at}
    if insert_first(session, EnteredRating, completion_id=completion.id, **row) is None:
        raise Refused("entered_before")
    if entry.photo is not None:
        picture = {"media_type": photos.MEDIA_TYPE, "content": entry.photo, "at": at}
        session.add(EnteredRatingPhoto(completion_id=completion.id, **picture))
    data = {"source": entry.source}
    tickets.record(session, ticket, "rating_entered", by=by, at=at, channel="console", data=data)


def find(session: Session, *, after: int | None = None) -> Page:
    """Newest first, by the moment they were entered."""
    return newest_first(session, _lines(), EnteredRating.at, EnteredRating.completion_id, after=after)


def of_ticket(session: Session, ticket_id: int) -> Sequence[Line]:
    return session.execute(_lines().where(Completion.ticket_id == ticket_id).order_by(EnteredRating.at)).all()


def figure(session: Session) -> Figure:
    """Of all that were entered; never added to the score."""
    satisfied = func.sum(case((EnteredRating.level >= SATISFIED_FROM, 1), else_=0))
    return Figure(*session.execute(select(func.coalesce(satisfied, 0), func.count(EnteredRating.level))).one())


def photo(session: Session, completion_id: int) -> EnteredRatingPhoto:
    """Raises Missing, also once it was erased."""
    found = session.get(EnteredRatingPhoto, completion_id)
    if found is None:
        raise Missing("no_such_photo")
    return found


def _completion(session: Session, ticket: Ticket) -> Completion:
    if ticket.state == "cancelled":
        raise Refused("cancelled")
    if not ticket.rateable:
        raise Refused("not_rateable")
    same = (Completion.ticket_id == ticket.id, Completion.cycle == ticket.cycle)
    found = session.scalar(select(Completion).where(*same))
    if found is None or ticket.state not in {"finished", "closed"}:
        raise Refused("not_finished")
    return found


def _check(entry: Entry, finished_at: datetime, window: timedelta, at: datetime) -> None:
    if entry.level not in LEVELS or entry.source not in SOURCES:
        raise Refused("no_level")
    if entry.source == PAPER and entry.photo is None:
        raise Refused("photo_needed")
    latest = entry.given_at + (A_DAY if entry.source == PAPER else timedelta())
    if latest < finished_at or entry.given_at > at:
        raise Refused("absurd_time")
    if entry.given_at - finished_at > window:
        raise Refused("window_over", days=window.days)


def _lines() -> Query:
    lead, clerk, linker = aliased(Person), aliased(Person), aliased(Person)
    linked = select(SlipLink.at, linker.name).join(linker, linker.id == SlipLink.by_id)
    linked = linked.where(SlipLink.ticket_id == Ticket.id).order_by(SlipLink.at.desc()).limit(1).correlate(Ticket)
    return (
        select(
            EnteredRating.completion_id.label("id"),
            EnteredRating.level,
            EnteredRating.source,
            EnteredRating.given_at,
            EnteredRating.at,
            clerk.name.label("by"),
            Ticket.number,
            Completion.cycle,
            Department.name.label("department"),
            Category.name.label("category"),
            lead.name.label("lead"),
            EnteredRatingPhoto.completion_id.is_not(None).label("photo"),
            linked.with_only_columns(SlipLink.at).scalar_subquery().label("linked_at"),
            linked.with_only_columns(linker.name).scalar_subquery().label("linked_by"),
            CountedRating.rating_id.is_not(None).label("rated_too"),
        )
        .join(Completion, Completion.id == EnteredRating.completion_id)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .join(clerk, clerk.id == EnteredRating.by_id)
        .outerjoin(EnteredRatingPhoto, EnteredRatingPhoto.completion_id == EnteredRating.completion_id)
        .outerjoin(CountedRating, CountedRating.completion_id == EnteredRating.completion_id)
        .outerjoin(Department, Department.id == Completion.department_id)
        .outerjoin(Category, Category.id == Completion.category_id)
        .outerjoin(lead, lead.id == Completion.lead_id)
    )
