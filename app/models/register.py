"""The registers beside the tickets: records, their history, their evidence. Forms: config/registers.toml."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

TAKEN_OUT = ("wrong_file", "wrong_record", "personal", "unreadable")
ENTRY_KINDS = ("written", "confirmed", "moved", "used")
MOVEMENTS = ("in", "out", "counted")
_NOT_CLOSED = text("NOT closed")
_REPEATS = text("every <> ''")


class RegisterRecord(Base):
    """One line of a register as it stands now. Typed facts and free words lie apart: words can be erased."""

    __tablename__ = "register_record"
    __table_args__ = (
        CheckConstraint("stock IS NULL OR stock >= 0", name="never_below_zero"),
        CheckConstraint("(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name="confirmed_by_somebody"),
        CheckConstraint("confirmed_by_id IS NULL OR confirmed_by_id <> written_by_id", name="confirmed_by_another"),
        Index(None, "kind", "code", unique=True),
        Index(None, "kind", "created_at"),
        Index(None, "contract_id", "kind", "due_on"),
        Index(None, "contract_id", "kind", "done_on"),
        Index(None, "person_id"),
        Index(None, "follows_id", unique=True),
        Index("ix_register_record_repeats", "due_on", sqlite_where=_REPEATS, postgresql_where=_REPEATS),
        Index("ix_register_record_due", "due_on", sqlite_where=_NOT_CLOSED, postgresql_where=_NOT_CLOSED),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    form: Mapped[int] = mapped_column(SmallInteger)  # the version of the form it was written under
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    closed: Mapped[bool]  # by its state: nothing is due any more
    void: Mapped[bool]  # by its state: it does not count
    due_on: Mapped[date | None] = mapped_column(Date)
    done_on: Mapped[date | None] = mapped_column(Date)
    period: Mapped[str] = mapped_column(Text, default="")
    every: Mapped[str] = mapped_column(Text, default="", server_default="")  # how often the plan repeats
    follows_id: Mapped[int | None] = mapped_column(Id)  # the record of the same plan before it
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    provider_id: Mapped[int | None] = mapped_column(Id, ForeignKey("provider.id"))
    contract_id: Mapped[int | None] = mapped_column(Id, ForeignKey("contract.id"))
    category_id: Mapped[int | None] = mapped_column(Id, ForeignKey("category.id"))
    stock: Mapped[int | None]
    data: Mapped[dict[str, Any]]
    words: Mapped[dict[str, Any]]
    searched: Mapped[str] = mapped_column(Text)  # title and words, in small letters
    revision: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime]
    written_at: Mapped[datetime]
    written_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    reminded_of: Mapped[date | None] = mapped_column(Date)  # the due day somebody was reminded of
    warned_of: Mapped[date | None] = mapped_column(Date)  # and the one that was told of when it was over


class RegisterEntry(Base):
    """What happened to a record: written anew, confirmed, moved, used for a ticket. Nothing of it is ever changed but
    that its words are erased.
    """

    __tablename__ = "register_entry"
    __table_args__ = (
        CheckConstraint(f"kind IN {ENTRY_KINDS!r}", name="known_kind"),
        Index(None, "record_id", "id"),
        Index(None, "ticket_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    record_id: Mapped[int] = mapped_column(Id, ForeignKey("register_record.id"))
    event_id: Mapped[int] = mapped_column(Id, ForeignKey("event.id"))
    kind: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(SmallInteger)
    form: Mapped[int] = mapped_column(SmallInteger)
    data: Mapped[dict[str, Any]]
    words: Mapped[dict[str, Any]]
    change: Mapped[int | None]
    stock: Mapped[int | None]  # afterwards
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("ticket.id"))
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class RegisterFile(Base):
    """Evidence of a record, cleaned. It is never changed; what shows a person goes with them.

    A wrong one is taken out: name and bytes go, the digest of what was there and who took it out, and why, stay.
    """

    __tablename__ = "register_file"
    __table_args__ = (Index(None, "record_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    record_id: Mapped[int] = mapped_column(Id, ForeignKey("register_record.id"))
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    digest: Mapped[str] = mapped_column(Text, default="", server_default="")  # SHA-256 of the content
    taken_out_at: Mapped[datetime | None]
    taken_out_by_id: Mapped[int | None] = mapped_column(Id)
    taken_out_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
