"""A ticket, every event of its life, and what was fixed at each completion."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    false,
    func,
    or_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

# Which state may follow which. A reopened ticket goes back to the desk or straight to its engineer.
MOVES: dict[str, frozenset[str]] = {
    "reported": frozenset({"dispatched", "cancelled"}),
    "dispatched": frozenset({"reported", "dispatched", "accepted", "cancelled"}),  # declined, it is reported again
    "accepted": frozenset({"dispatched", "arrived", "finished", "cancelled"}),
    "arrived": frozenset({"dispatched", "finished", "cancelled"}),
    "finished": frozenset({"closed", "reopened"}),
    "closed": frozenset({"reopened"}),
    "cancelled": frozenset(),
    "reopened": frozenset({"reported", "dispatched", "accepted", "cancelled"}),
}
STATES = tuple(MOVES)
OPEN_STATES = ("reported", "dispatched", "accepted", "arrived", "reopened")
AWAITING = ("dispatched", "reopened")  # given to an engineer who has not accepted it yet

SOURCES = ("wechat", "phone", "walk_in", "desk", "monitoring", "inspection", "import")
PRIORITIES = (1, 2, 3, 4)  # 1 is the most urgent
PAUSE_REASONS = ("user", "part", "supplier")  # what its solution may wait for
DECLINE_REASONS = ("busy", "skill", "elsewhere", "off_duty", "not_ours")  # why an engineer gives back a dispatch
_OPEN = text(f"state IN {OPEN_STATES!r}")
UNDER_WAY = text("state IN ('dispatched', 'accepted', 'arrived', 'reopened')")


class Ticket(Base):
    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="known_state"),
        CheckConstraint(f"source IN {SOURCES!r}", name="known_source"),
        CheckConstraint("priority BETWEEN 1 AND 4", name="known_priority"),
        Index(None, "state", "reported_at"),
        Index(None, "lead_id", "state"),
        Index(None, "lead_id", "reported_at"),
        Index(None, "served_person_id", "reported_at"),
        Index(None, "requester_id", "reported_at"),
        Index(None, "department_id", "reported_at"),
        Index(None, "department_id", "state", "reported_at"),
        Index(None, "category_id", "reported_at"),
        Index(None, "place_id", "reported_at"),
        Index(None, "reported_at"),
        # What the lists of open tickets are sorted by.
        Index("ix_ticket_open_due", "due_at", "reported_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_ticket_open_priority", "priority", "reported_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_ticket_due", "due_at", sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    source: Mapped[str] = mapped_column(Text)
    requester_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    served_person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    served_department_id: Mapped[int | None] = mapped_column(Id, ForeignKey("department.id"))
    department_id: Mapped[int | None] = mapped_column(Id, ForeignKey("department.id"))
    place_id: Mapped[int | None] = mapped_column(Id, ForeignKey("place.id"))
    category_id: Mapped[int | None] = mapped_column(Id, ForeignKey("category.id"))
    priority: Mapped[int] = mapped_column(SmallInteger, default=3)
    description: Mapped[str] = mapped_column(Text, default="")
    # Where, in the words of whoever reported it.
    location: Mapped[str] = mapped_column(Text, default="", server_default="")
    state: Mapped[str] = mapped_column(Text)
    cycle: Mapped[int] = mapped_column(SmallInteger, default=1)  # grows with every reopening
    team_id: Mapped[int | None] = mapped_column(Id, ForeignKey("team.id"))
    lead_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    reported_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # of this cycle; empty for what was imported, so that nobody is rung up for it
    finished_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    @hybrid_property
    def rateable(self) -> bool:
        """Nobody was served by a ticket from monitoring or inspection, so nobody can rate it."""
        return self.served_person_id is not None or self.served_department_id is not None

    @rateable.inplace.expression
    @classmethod
    def _rateable(cls) -> ColumnElement[bool]:
        return or_(cls.served_person_id.is_not(None), cls.served_department_id.is_not(None))

    @hybrid_method
    def finished_before(self, at: datetime) -> bool:
        """Its work was finished so long ago, and nobody reopened it."""
        return self.finished_at is not None and self.finished_at < at

    @finished_before.expression
    @classmethod
    def _finished_before(cls, at: datetime) -> ColumnElement[bool]:
        return func.coalesce(cls.finished_at < at, false())


class TicketAsset(Base):
    """Which asset a ticket is about, where its label was scanned."""

    __tablename__ = "ticket_asset"
    __table_args__ = (Index(None, "asset_id"),)

    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"), primary_key=True)
    asset_id: Mapped[int] = mapped_column(Id, ForeignKey("asset.id"))


class TicketPhoto(Base):
    """What the requester photographed when reporting the fault; erased with the other free text."""

    __tablename__ = "ticket_photo"
    __table_args__ = (Index(None, "ticket_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"))
    media_type: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    at: Mapped[datetime]


class TicketNote(Base):
    """What the people who work on a ticket write to each other. No user reads it; its words can be erased."""

    __tablename__ = "ticket_note"
    __table_args__ = (Index(None, "ticket_id"), Index(None, "person_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"))
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(Text)  # of its event, which says who may read it
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class TicketHelper(Base):
    """An engineer who helped the lead."""

    __tablename__ = "ticket_helper"
    __table_args__ = (Index(None, "person_id"),)

    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)


class Completion(Base):
    """What a rating is about, copied when the work was finished and never looked up later."""

    __tablename__ = "completion"
    __table_args__ = (
        Index(None, "ticket_id", "cycle", unique=True),
        Index(None, "department_id", "finished_at"),
        Index(None, "lead_id", "finished_at"),
        Index(None, "finished_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    finished_at: Mapped[datetime]
    rateable: Mapped[bool]
    lead_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    team_id: Mapped[int | None] = mapped_column(Id, ForeignKey("team.id"))
    department_id: Mapped[int | None] = mapped_column(Id, ForeignKey("department.id"))
    campus_id: Mapped[int | None] = mapped_column(Id, ForeignKey("campus.id"))
    provider_id: Mapped[int | None] = mapped_column(Id, ForeignKey("provider.id"))
    contract_id: Mapped[int | None] = mapped_column(Id, ForeignKey("contract.id"))
    category_id: Mapped[int | None] = mapped_column(Id, ForeignKey("category.id"))


class CompletionHelper(Base):
    __tablename__ = "completion_helper"

    completion_id: Mapped[int] = mapped_column(Id, ForeignKey("completion.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)


class Counter(Base):
    """Running numbers, one row each; the row's lock keeps two desks from taking the same one."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int]
