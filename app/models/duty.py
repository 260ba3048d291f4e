"""The duty roster: who is in which post, where and when; who wants to swap; who was approved for a post."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

SHIFTS = ("day", "evening", "night")
SWAP_STATES = ("waiting", "approved", "refused")


class DutyShift(Base):
    """One person's shift; it belongs to the day on which it begins. Without a post it is the hospital's supervision."""

    __tablename__ = "duty_shift"
    __table_args__ = (
        CheckConstraint(f"shift IN {SHIFTS!r}", name="known_shift"),
        Index(None, "person_id", "day", "shift", unique=True),
        Index(None, "day"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    post_id: Mapped[int | None] = mapped_column(Id, ForeignKey("post.id"))
    campus_id: Mapped[int | None] = mapped_column(Id, ForeignKey("campus.id"))
    day: Mapped[date] = mapped_column(Date)
    shift: Mapped[str] = mapped_column(Text)
    checked_in_at: Mapped[datetime | None]


class DutySwap(Base):
    """Somebody asks that a colleague takes one of their shifts; a supervisor decides, once."""

    __tablename__ = "duty_swap"
    __table_args__ = (
        CheckConstraint(f"state IN {SWAP_STATES!r}", name="known_state"),
        Index(None, "state"),
        Index(None, "shift_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    shift_id: Mapped[int] = mapped_column(Id, ForeignKey("duty_shift.id"))
    asked_by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    to_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(Text, default="waiting")
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))


class PostApproval(Base):
    """The hospital has agreed to this person in this post."""

    __tablename__ = "post_approval"

    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id"), primary_key=True)
    approved_by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
