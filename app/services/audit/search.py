"""The history as its auditor reads it: every event by ticket, kind, subject and day, with its number in the seal."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Event, EventNote, FeedEntry, Person, SealCheckpoint, SealVerification, Ticket
from app.models.kinds import BESIDE_A_TICKET, EVENTS
from app.pagination import Cursor, Page, newest_first
from app.services.audit import seal, verify

MOST_SHOWN = 30
# Who took away what is kept of others.
LOOKS = ("key_read", "history_exported")


@dataclass(frozen=True)
class EventFilter:
    number: str = ""
    kind: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    looks: bool = False
    oldest_first: bool = False


@dataclass(frozen=True)
class SealState:
    sealed: int
    numbered: int
    checkpoints: list[SealCheckpoint]
    verification: SealVerification | None


def find(session: Session, filters: EventFilter, *, after: Cursor | None) -> Page:
    last = seal.last_batch(session)
    sealed = FeedEntry.seq <= (last.last if last else 0)
    query = (
        select(
            Event.id,
            FeedEntry.seq,
            sealed.label("sealed"),
            Event.kind,
            Event.subject,
            Event.subject_id,
            Event.at,
            Event.recorded_at,
            Event.channel,
            Event.data,
            Person.name.label("actor"),
            Person.staff_number,
            Ticket.number,
            EventNote.text.label("note"),
        )
        .outerjoin(FeedEntry, FeedEntry.event_id == Event.id)
        .outerjoin(Person, Person.id == Event.actor_id)
        .outerjoin(Ticket, Ticket.id == Event.ticket_id)
        .outerjoin(EventNote, EventNote.event_id == Event.id)
    )
    if filters.number:
        query = query.where(
            Event.ticket_id == select(Ticket.id).where(Ticket.number == filters.number).scalar_subquery()
        )
    kinds = _kinds(filters)
    if len(kinds) < len(EVENTS):
        query = query.where(Event.kind.in_(kinds))
    if not {EVENTS[kind].subject for kind in kinds} & BESIDE_A_TICKET:
        query = query.where(Event.ticket_id.is_(None))  # few, and they have an index
    if filters.since:
        query = query.where(Event.at >= filters.since)
    if filters.until:
        query = query.where(Event.at < filters.until)
    return newest_first(session, query, Event.at, Event.id, after=after, oldest=filters.oldest_first)


def _kinds(filters: EventFilter) -> list[str]:
    return [
        kind
        for kind, about in EVENTS.items()
        if filters.kind in ("", kind)
        and filters.subject in ("", about.subject)
        and (not filters.looks or kind in LOOKS)
    ]


def state(session: Session) -> SealState:
    last = seal.last_batch(session)
    rows = session.scalars(select(SealCheckpoint).order_by(SealCheckpoint.id.desc()).limit(MOST_SHOWN))
    return SealState(
        sealed=last.last if last else 0,
        numbered=seal.numbered(session),
        checkpoints=list(rows),
        verification=verify.last_verification(session),
    )
