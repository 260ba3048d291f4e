"""The one writer of the history: what happened, to what, by whom, when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db import Executor, Writer, core, first
from app.driver import Prepared
from app.models import Event, EventNote, Person, Ticket
from app.models.kinds import EVENTS
from app.pagination import Line

_COLUMNS = (
    *("subject", "subject_id", "ticket_id", "cycle", "kind", "state", "actor_id"),
    *("at", "recorded_at", "channel", "data"),
)
HISTORY_MOST = 50
_EVENT = Prepared(lambda _dialect: insert(Event).returning(Event.id), _COLUMNS)


@dataclass(frozen=True)
class About:
    """What an event happened to: the row its kind's subject names, and the ticket beside it where there is one."""

    subject_id: int
    ticket_id: int | None = None
    cycle: int | None = None

    @classmethod
    def beside(cls, ticket: Ticket, subject_id: int) -> "About":
        """A rating or a complaint, beside its ticket."""
        return cls(subject_id, ticket.id, ticket.cycle)


@dataclass(frozen=True)
class Recorded:
    """An event that stands in the history."""

    id: int
    ticket_id: int | None
    subject_id: int = 0


def append(
    db: Writer,
    about: Ticket | About,
    kind: str,
    *,
    by: int | None,
    at: datetime,
    channel: str,
    data: dict[str, Any] | None = None,
    recorded_at: datetime | None = None,
) -> Recorded:
    """Write an event of a declared kind into the caller's transaction.

    `about` a ticket (its state is the event's, if the kind moves it) or what else the kind's subject names. `data`
    holds ids and codes only, never a name or free text. `recorded_at` is now where the act itself lies back.
    Raises KeyError for a kind that models/kinds.py does not declare.
    """
    declared = EVENTS[kind]
    about = About(about.id, about.id, about.cycle) if isinstance(about, Ticket) else about
    values = {
        "subject": declared.subject,
        "subject_id": about.subject_id,
        "ticket_id": about.ticket_id,
        "cycle": about.cycle,
        "kind": kind,
        "state": declared.leaves,
        "actor_id": by,
        "at": at,
        "recorded_at": recorded_at or at,
        "channel": channel,
        "data": data,
    }
    return Recorded(first(db, _EVENT, values).id, about.ticket_id, about.subject_id)


def append_noted(
    session: Session,
    about: Ticket | About,
    kind: str,
    note: str,
    *,
    by: int | None,
    at: datetime,
    channel: str,
    data: dict[str, Any] | None = None,
) -> Recorded:
    """As `append`, with words beside the event if there are any: it says only so much, and they can be erased."""
    if not note:
        return append(session, about, kind, by=by, at=at, channel=channel, data=data)
    written = append(session, about, kind, by=by, at=at, channel=channel, data={**(data or {}), "noted": True})
    session.add(EventNote(event_id=written.id, text=note))
    return written


def history(session: Session, subject: str, subject_id: int, *, kinds: Collection[str] = ()) -> Sequence[Line]:
    """What happened to something that is no ticket, by whom, with the words beside it; the newest first."""
    query = (
        select(Event.kind, Event.at, Event.data, Person.name.label("actor"), EventNote.text.label("note"))
        .outerjoin(Person, Person.id == Event.actor_id)
        .outerjoin(EventNote, EventNote.event_id == Event.id)
        .where(Event.ticket_id.is_(None), Event.subject == subject, Event.subject_id == subject_id)
    )
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    return session.execute(query.order_by(Event.id.desc()).limit(HISTORY_MOST)).all()


def append_all(db: Executor, rows: Sequence[dict[str, Any]]) -> None:
    """Many at once, for what is imported or made up: each row an event's columns, without what its kind tells.

    A row without `subject_id` is about its ticket.
    """
    complete = [
        {**row, "subject": EVENTS[row["kind"]].subject, "subject_id": row.get("subject_id") or row["ticket_id"]}
        for row in rows
    ]
    if complete:
        core(db).execute(insert(Event.__table__), complete)  # type: ignore[arg-type]
