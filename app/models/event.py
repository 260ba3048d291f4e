"""The one history, and the feed that numbers it in the order of commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, event, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class Event(Base):
    """What happened: append-only (the database refuses changes), ids and codes only; kinds are declared in `kinds`.

    `subject` and `subject_id` name what it happened to, `ticket_id` the ticket beside it, where there is one. `at` is
    the moment of the act, `recorded_at` the moment it was written down.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("subject <> 'ticket' OR subject_id = ticket_id", name="ticket_is_subject"),
        CheckConstraint("(ticket_id IS NULL) = (cycle IS NULL)", name="cycle_of_ticket"),
        Index(None, "ticket_id", "at"),
        Index(None, "at"),
        Index(
            "ix_event_subject",
            "subject",
            "subject_id",
            "kind",
            sqlite_where=text("ticket_id IS NULL"),
            postgresql_where=text("ticket_id IS NULL"),
        ),
        Index(
            "uq_event_source_key",
            "ticket_id",
            "source_key",
            unique=True,
            sqlite_where=text("source_key IS NOT NULL"),
            postgresql_where=text("source_key IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int] = mapped_column(Id)
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("ticket.id"))
    cycle: Mapped[int | None] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)  # the ticket's state after a move; empty otherwise
    actor_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    channel: Mapped[str] = mapped_column(Text)
    source_key: Mapped[str | None] = mapped_column(Text)  # of an imported node: the same node never twice
    data: Mapped[dict[str, Any] | None]


# A transaction has its number before it has an event's: the feed relies on it to know which ids can still come.
XID_FIRST = (
    "ALTER TABLE event ALTER COLUMN id SET DEFAULT "
    "nextval(CASE WHEN pg_current_xact_id() IS NOT NULL THEN 'event_id_seq'::regclass END)"
)
_xid_first = DDL(XID_FIRST).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
event.listen(Event.__table__, "after_create", _xid_first)


class EventNote(Base):
    """Words beside an event: why somebody did what cannot be undone, or how a thing was called before.

    The event is sealed and says only that there are some; they can be erased.
    """

    __tablename__ = "event_note"

    event_id: Mapped[int] = mapped_column(Id, ForeignKey("event.id"), primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)


class FeedEntry(Base):
    """An event's place in the feed: in commit order, from 1, without gaps. Append-only."""

    __tablename__ = "feed_entry"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(Id, ForeignKey("event.id"), unique=True)


class FeedMark(Base):
    """How far the numbering has come; one row.

    Every event up to `settled_id` has its number, or was rolled back. So will every one up to `fence_id` be, once no
    transaction older than `fence_xid` runs any more.
    """

    __tablename__ = "feed_mark"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    settled_id: Mapped[int] = mapped_column(Id)
    fence_id: Mapped[int | None] = mapped_column(Id)
    fence_xid: Mapped[int | None] = mapped_column(BigInteger)
