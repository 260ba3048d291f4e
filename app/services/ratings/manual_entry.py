"""What somebody without a phone ticked on paper or said on the telephone, entered by the hospital's supervisor.

A source of its own: it takes no slot, stands in no score and earns no ticket of a draw. So it may stand beside an
answer of the user's own: refusing it would lose a voice without a trace, and it counts nowhere twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

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
from app.models.rating import LEVELS, SATISFIED_FROM
from app.pagination import Cursor, Line, Page, Query, newest_first
from app.services import events, images
from app.services.codes import slip_pads
from app.services.events import About
from app.services.ratings.search import Figure

PAPER, TELEPHONE = SOURCES = ("paper", "telephone")
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class ManualRating:
    """`at` is the moment of the call, or the beginning of the day that stands on the slip."""

    source: str
    at: datetime

    @property
    def on_paper(self) -> bool:
        return self.source == PAPER

    @property
    def until(self) -> datetime:
        return self.at + (A_DAY if self.on_paper else timedelta())


@dataclass(frozen=True)
class Entry:
    completion_id: int | None
    level: int
    rating: ManualRating
    photo: bytes | None


def ticket(session: Session, text: str) -> Ticket:
    """The ticket of this number, or the one the slip of this number was given to; raises Missing."""
    found = session.scalar(select(Ticket).where(Ticket.number == text))
    slip = slip_pads.read_name(text)
    if found is None and slip is not None:
        given_to = select(SlipLink.ticket_id).where(SlipLink.number == slip)
        found = session.scalar(select(Ticket).where(Ticket.id.in_(given_to)))
    if found is None:
        raise Missing("no_such_ticket")
    return found


def enter(session: Session, ticket: Ticket, entry: Entry, *, window: timedelta, by: int, at: datetime) -> None:
    """Once for each completion; the ticket is locked."""
    rating = entry.rating
    _check(entry)
    fitting = fits(session, ticket, rating, window=window, at=at)
    chosen = next((one for one in fitting if one.id == entry.completion_id), None)
    if chosen is None:
        raise Refused("page_expired")
    row = {"source": rating.source, "level": entry.level, "given_at": rating.at, "by_id": by, "at": at}
    if insert_first(session, EnteredRating, completion_id=chosen.id, **row) is None:
        raise Refused("entered_before")
    if entry.photo is not None:
        picture = {"media_type": images.MEDIA_TYPE, "content": entry.photo, "at": at}
        session.add(EnteredRatingPhoto(completion_id=chosen.id, **picture))
    about = About(ticket.id, ticket.id, chosen.cycle)
    events.append(session, about, "rating_entered", by=by, at=at, channel="console", data={"source": rating.source})


def fits(session: Session, ticket: Ticket, rating: ManualRating, *, window: timedelta, at: datetime) -> Sequence[Line]:
    """What it may be about: the completions that were the last one at its moment, or at some moment of its day.

    Raises Refused where there is none.
    """
    if rating.at > at:
        raise Refused("absurd_time")
    done = session.execute(_completions().where(Completion.ticket_id == ticket.id, Completion.rateable)).all()
    if not done:
        raise Refused(_never_done(ticket))
    earlier = [one for one in done if one.finished_at <= rating.at]
    meanwhile = [one for one in done if rating.at < one.finished_at <= rating.until]
    last = [*earlier[-1:], *meanwhile]
    if not last:
        raise Refused("absurd_time")
    if rating.at - last[-1].finished_at > window:
        raise Refused("window_over", days=window.days)
    return [one for one in last if rating.at - one.finished_at <= window]


def find(session: Session, *, oldest: bool = False, after: Cursor | None = None) -> Page:
    """By the moment they were entered, newest first or oldest first."""
    key = EnteredRating.completion_id
    return newest_first(session, _lines(), EnteredRating.at, key, after=after, oldest=oldest)


def of_ticket(session: Session, ticket_id: int) -> Sequence[Line]:
    return session.execute(_lines().where(Completion.ticket_id == ticket_id).order_by(EnteredRating.at)).all()


def figure(session: Session) -> Figure:
    """Of all that were entered; never added to the score."""
    satisfied = func.sum(case((EnteredRating.level >= SATISFIED_FROM, 1), else_=0))
    return Figure(*session.execute(select(func.coalesce(satisfied, 0), func.count(EnteredRating.level))).one())


def after_its_day(linked_at: datetime, given_at: datetime) -> bool:
    """A blank slip was linked only after the day that stands on it: somebody should look whether it is this ticket."""
    return linked_at - given_at >= A_DAY


def photo(session: Session, completion_id: int) -> EnteredRatingPhoto:
    """Raises Missing, also once it was erased."""
    found = session.get(EnteredRatingPhoto, completion_id)
    if found is None:
        raise Missing("no_such_photo")
    return found


def _never_done(ticket: Ticket) -> str:
    if ticket.state == "cancelled":
        return "cancelled"
    return "not_finished" if ticket.rateable else "not_rateable"


def _check(entry: Entry) -> None:
    if entry.level not in LEVELS or entry.rating.source not in SOURCES:
        raise Refused("no_level")
    if entry.rating.source == PAPER and entry.photo is None:
        raise Refused("photo_needed")


@cache
def _completions() -> Query:
    lead = aliased(Person)
    return (
        select(
            Completion.id,
            Completion.cycle,
            Completion.finished_at,
            Department.name.label("department"),
            Category.name.label("category"),
            lead.name.label("lead"),
            EnteredRating.completion_id.is_not(None).label("entered"),
        )
        .outerjoin(Department, Department.id == Completion.department_id)
        .outerjoin(Category, Category.id == Completion.category_id)
        .outerjoin(lead, lead.id == Completion.lead_id)
        .outerjoin(EnteredRating, EnteredRating.completion_id == Completion.id)
        .order_by(Completion.finished_at, Completion.cycle)
    )


@cache
def _lines() -> Query:
    lead, clerk, linker = aliased(Person), aliased(Person), aliased(Person)
    linked = select(SlipLink.at, linker.name).join(linker, linker.id == SlipLink.by_id)
    linked = linked.where(SlipLink.ticket_id == Ticket.id).order_by(SlipLink.at.desc()).limit(1).correlate(Ticket)
    return (
        select(
            EnteredRating.completion_id.label("id"),
            EnteredRating.level,
            EnteredRating.source,
            (EnteredRating.source == PAPER).label("on_paper"),
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
