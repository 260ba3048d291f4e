"""What a signal saw in a quarter's ratings, and what somebody of the hospital decided about it. Append-only, both."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

OUTCOMES = ("unfounded", "watched", "confirmed")


class IntegrityFlag(Base):
    """Raised once for whom it names in a quarter, and again only when it has seen twice as much."""

    __tablename__ = "integrity_flag"
    __table_args__ = (Index(None, "quarter", "signal", "lead_id", "identity_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    quarter: Mapped[str] = mapped_column(Text)
    signal: Mapped[str] = mapped_column(Text)
    lead_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    identity_id: Mapped[int | None] = mapped_column(Id, ForeignKey("wechat_identity.id"))
    """The phone, of a signal about one."""
    found: Mapped[int]
    out_of: Mapped[int]
    usual: Mapped[int]
    numbers: Mapped[dict[str, Any]]
    """The thresholds it stood by."""
    evidence: Mapped[dict[str, Any]]
    """Ids of `answers` and of `tickets`."""
    day: Mapped[date] = mapped_column(Date)
    """The last day it had seen."""
    at: Mapped[datetime]


class IntegrityDecision(Base):
    """Somebody has looked, once; it changes no rating and no figure."""

    __tablename__ = "integrity_decision"
    __table_args__ = (CheckConstraint(f"outcome IN {OUTCOMES!r}", name="known_outcome"),)

    flag_id: Mapped[int] = mapped_column(Id, ForeignKey("integrity_flag.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)  # what it rests on, in the supervisor's words; no names
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
