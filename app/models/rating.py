"""Ratings: append-only facts; which one counts; what the rater added."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

LEVELS = (5, 4, 3, 2, 1)  # 非常满意, 满意, 基本满意, 不满意, 非常不满意
LOW_LEVELS = (2, 1)
SATISFIED_FROM = 4
EXCLUSION_REASONS = ("mistaken", "malicious", "not_the_person")  # the last: a system or a rule was rated
_UNCHECKED = text("checked = '' AND comment <> ''")
FLAGS = ("review", "risky")  # what WeChat took offence at
_FLAGGED = text(f"checked IN {FLAGS!r}")
_PRAISED = text("praised_id IS NOT NULL AND comment <> ''")
_WALL = text("public AND praised_id IS NOT NULL AND comment <> ''")
_NAMED = text("person_id IS NOT NULL")


class Rating(Base):
    """One tap, never changed. The rater is known by WeChat identity, and by person once that is bound.

    The database itself writes the "rated" event beside it and, for a rating that counts, takes the slot: inserting
    one for a completion whose slot is taken fails (migrations 0004 and 0008).
    """

    __tablename__ = "rating"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="level_1_to_5"),
        Index(None, "completion_id", "identity_id", unique=True),
        Index(None, "identity_id", "at"),
        Index(None, "at"),
        Index(None, "lead_id", "at"),
        Index(None, "department_id", "at"),
        Index("ix_rating_unverified", "at", sqlite_where=text("counts = 0"), postgresql_where=text("NOT counts")),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    completion_id: Mapped[int] = mapped_column(Id, ForeignKey("completion.id"))
    level: Mapped[int] = mapped_column(SmallInteger)
    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("wechat_identity.id"))
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    counts: Mapped[bool]  # given by somebody verified; one that is verified later takes its slot then
    source: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    # Of the completion, so that lists by engineer and ward need not go through all ratings. Who does not say them has
    # them copied by the database (migration 0016).
    lead_id: Mapped[int | None] = mapped_column(Id)
    department_id: Mapped[int | None] = mapped_column(Id)


class CountedRating(Base):
    """The one slot of a completion: the primary key decides who was first, and for whom it counts for good.

    Who was verified by binding later stands here alone; the phone may be somebody else's by now (migration 0008).
    """

    __tablename__ = "counted_rating"
    __table_args__ = (Index(None, "person_id", sqlite_where=_NAMED, postgresql_where=_NAMED),)

    completion_id: Mapped[int] = mapped_column(Id, ForeignKey("completion.id"), primary_key=True)
    rating_id: Mapped[int] = mapped_column(Id, ForeignKey("rating.id"), unique=True)
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))  # nobody: everybody is trusted
    at: Mapped[datetime]


class RatingCorrection(Base):
    """The rater's second thought, once and within a day; the first answer stays readable."""

    __tablename__ = "rating_correction"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level_1_to_5"),)

    rating_id: Mapped[int] = mapped_column(Id, ForeignKey("rating.id"), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]


class RatingDetail(Base):
    """What the rater added on the thanks page. Free text lives here, so that it can be erased."""

    __tablename__ = "rating_detail"
    __table_args__ = (
        CheckConstraint("praise IN ('', 'asked', 'approved', 'refused')", name="known_praise"),
        Index(None, "praise"),
        Index(None, "at"),
        Index("ix_rating_detail_unchecked", "at", sqlite_where=_UNCHECKED, postgresql_where=_UNCHECKED),
        Index("ix_rating_detail_flagged", "at", sqlite_where=_FLAGGED, postgresql_where=_FLAGGED),
        Index("ix_rating_detail_praised", "praised_id", "at", sqlite_where=_PRAISED, postgresql_where=_PRAISED),
        Index("ix_rating_detail_wall", "at", sqlite_where=_WALL, postgresql_where=_WALL),
    )

    rating_id: Mapped[int] = mapped_column(Id, ForeignKey("rating.id"), primary_key=True)
    reasons: Mapped[dict[str, Any]]  # {"codes": [...]}
    quality: Mapped[dict[str, Any]]  # code -> 1..5
    faces: Mapped[dict[str, Any]]  # touchpoint -> 1..5
    comment: Mapped[str] = mapped_column(Text)
    praise: Mapped[str] = mapped_column(Text)  # "tell the engineer": asked, then approved or refused
    praised_id: Mapped[int | None] = mapped_column(Id)  # the engineer who may read it, once it is approved
    # What the rater agreed to when writing it; it can be taken back, never given afterwards.
    signed: Mapped[bool] = mapped_column(default=False, server_default=false())  # name and ward, for the engineer
    public: Mapped[bool] = mapped_column(default=False, server_default=false())  # the words on the wall of praise
    # What WeChat's content check says of the comment: empty where nobody asked it, else pass, review or risky.
    checked: Mapped[str] = mapped_column(Text, default="", server_default="")
    pressed: Mapped[bool]  # somebody asked the rater to change the rating; for the hospital's eyes only
    at: Mapped[datetime]


class RatingExclusion(Base):
    """The hospital decided that a rating leaves score and draw. It stays, and so does who decided, and why."""

    __tablename__ = "rating_exclusion"
    __table_args__ = (CheckConstraint(f"reason IN {EXCLUSION_REASONS!r}", name="known_reason"),)

    rating_id: Mapped[int] = mapped_column(Id, ForeignKey("rating.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)  # what the decision rests on, in the supervisor's words; no names
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class EnteredRating(Base):
    """What somebody without a phone ticked on paper or said on the telephone, entered by a supervisor.

    It stands beside the ratings people gave themselves: it takes no slot, and earns no ticket of a draw.
    """

    __tablename__ = "entered_rating"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="level_1_to_5"),
        CheckConstraint("source IN ('paper', 'telephone')", name="known_source"),
        Index(None, "at"),
    )

    completion_id: Mapped[int] = mapped_column(Id, ForeignKey("completion.id"), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger)
    given_at: Mapped[datetime]  # of the call, or the day that stands on the slip
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class EnteredRatingPhoto(Base):
    """The slip's back as it was ticked: what the entry is proved by; erased with other photos."""

    __tablename__ = "entered_rating_photo"

    completion_id: Mapped[int] = mapped_column(Id, ForeignKey("entered_rating.completion_id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
