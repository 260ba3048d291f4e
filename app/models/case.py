"""A case: what the hospital has to answer for and make up for. Its events tell it, the row says how it stands now."""

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
    literal_column,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

# What opens one: a low level, words, somebody who wanted a rating changed, an urge nobody answered.
CASE_REASONS = ("low_score", "complaint", "pressure", "urge")
CASE_ABOUT = ("ticket", "service", "supervisor")
CASE_STAGES = ("received", "investigating", "answered", "agreed", "recovered", "rerated", "closed")
UNANSWERED = ("received", "investigating")
CALL_OUTCOMES = ("reached", "not_reached", "refused")
CASE_NOTES = ("complaint", "caller", "call", "answer", "agreement", "recovery", "insistence", "closing")
CLOSED_BY = ("", "user", "timeout")
FOUND_OF = ("complaint", "pressure", "urge")
FOUND_KINDS = ("discipline", "service", "skill", "other")
APPEAL_STATES = ("waiting", "upheld", "refused")
_OPEN = text("stage <> 'closed'")
_OF_URGE = text("reason = 'urge'")


class ServiceCase(Base):
    """One for each cause. Limits are copied when it is opened; what was said lies in its notes, which can be erased."""

    __tablename__ = "service_case"
    __table_args__ = (
        CheckConstraint(f"reason IN {CASE_REASONS!r}", name="known_reason"),
        CheckConstraint(f"about IN {CASE_ABOUT!r}", name="known_about"),
        CheckConstraint(f"stage IN {CASE_STAGES!r}", name="known_stage"),
        CheckConstraint(f"closed_by IN {CLOSED_BY!r}", name="known_end"),
        CheckConstraint("(stage = 'closed') = (closed_at IS NOT NULL)", name="closed_at_its_end"),
        CheckConstraint("(ticket_id IS NULL) = (cycle IS NULL)", name="cycle_of_ticket"),
        CheckConstraint("(about = 'ticket') = (ticket_id IS NOT NULL)", name="about_its_ticket"),
        Index("ix_service_case_open", "next_due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(
            "uq_service_case_urge",
            "ticket_id",
            "cycle",
            unique=True,
            sqlite_where=_OF_URGE,
            postgresql_where=_OF_URGE,
        ),
        Index(None, "ticket_id"),
        Index(None, "person_id", "opened_at"),
        Index(None, "opened_at"),
        Index(None, "closed_at"),
    )

    @hybrid_property
    def is_open(self) -> bool:
        return self.stage != "closed"

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        return cls.stage != literal_column("'closed'")  # in the words of its index

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("ticket.id"))
    cycle: Mapped[int | None] = mapped_column(SmallInteger)
    rating_id: Mapped[int | None] = mapped_column(Id, ForeignKey("rating.id"), unique=True)
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))  # whose voice it is
    hidden: Mapped[bool] = mapped_column(default=False, server_default=false())  # passed on without saying whose
    source: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]

    # How it stands.
    stage: Mapped[str] = mapped_column(Text)
    acts: Mapped[int] = mapped_column(SmallInteger)  # what was done so far: a form is of the case as it was seen
    pressed: Mapped[bool] = mapped_column(default=False, server_default=false())  # a matter of the veto
    owner_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    call_due_at: Mapped[datetime | None]  # empty where nobody can be called
    answer_due_at: Mapped[datetime | None]
    close_due_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(SmallInteger, default=0)
    called_at: Mapped[datetime | None]  # reached, refused, or tried often enough
    answered_at: Mapped[datetime | None]  # the first time
    told_at: Mapped[datetime | None]  # the last word to whoever complained, from which silence is counted
    recoveries: Mapped[int] = mapped_column(SmallInteger, default=0)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(Text, default="", server_default="")
    next_due_at: Mapped[datetime | None]  # the nearest of its limits
    warned_of: Mapped[datetime | None]  # the limit that was told of when it was over


class CaseNote(Base):
    """Words of a case, beside the event they belong to. Here alone, so that they can be erased."""

    __tablename__ = "case_note"
    __table_args__ = (
        CheckConstraint(f"kind IN {CASE_NOTES!r}", name="known_kind"),
        Index(None, "case_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(Id, ForeignKey("service_case.id"))
    event_id: Mapped[int | None] = mapped_column(Id, ForeignKey("event.id"))
    kind: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class CaseRating(Base):
    """How content they are with what was done to make up for it, by the same five levels; once for each recovery."""

    __tablename__ = "case_rating"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level_1_to_5"),)

    case_id: Mapped[int] = mapped_column(Id, ForeignKey("service_case.id"), primary_key=True)
    recovery: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]


class CaseFinding(Base):
    """What a complaint was found to be, once. Append-only."""

    __tablename__ = "case_finding"
    __table_args__ = (CheckConstraint(f"kind IN {FOUND_KINDS!r}", name="known_kind"),)

    case_id: Mapped[int] = mapped_column(Id, ForeignKey("service_case.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    upheld: Mapped[bool]
    contract_id: Mapped[int] = mapped_column(Id, ForeignKey("contract.id"))
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class CaseHandover(Base):
    """The ticket and reason tags of a low score, given to the provider after the call-back; and what it will do."""

    __tablename__ = "case_handover"
    __table_args__ = (Index(None, "provider_id", "at"),)

    case_id: Mapped[int] = mapped_column(Id, ForeignKey("service_case.id"), primary_key=True)
    provider_id: Mapped[int] = mapped_column(Id, ForeignKey("provider.id"))
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
    plan: Mapped[str] = mapped_column(Text, default="", server_default="")
    planned_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    planned_at: Mapped[datetime | None]


class CaseAppeal(Base):
    """The provider says why a low score should not count; the hospital decides, once. The rating stays."""

    __tablename__ = "case_appeal"
    __table_args__ = (CheckConstraint(f"state IN {APPEAL_STATES!r}", name="known_state"),)

    case_id: Mapped[int] = mapped_column(Id, ForeignKey("case_handover.case_id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text, default="", server_default="")
    decided_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]


class AppealPhoto(Base):
    """What an appeal is proved by, drawn anew; erased with other photos."""

    __tablename__ = "appeal_photo"

    case_id: Mapped[int] = mapped_column(Id, ForeignKey("case_appeal.case_id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
