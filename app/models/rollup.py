"""What was counted once and for all, a day at a time, so that nobody counts years of it at each look."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

ALL = 0  # no row has this id
EVERY_JOB = "*"
NOBODYS = -1  # the place of what has no such row, among figures that are of one place alone


class RatingDay(Base):
    """Of the ratings given on one day that count: how many, and how many were satisfied.

    For one ward, one engineer, both, or ALL of them. What the hospital excluded is in these figures; it stands in a
    small table of its own. A day without ratings has one row, for ALL, that says so.
    """

    __tablename__ = "rating_day"
    # Years of days are summed in the index alone.
    __table_args__ = (Index("ix_rating_day_sums", "department_id", "lead_id", "day", "counted", "satisfied"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    department_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    counted: Mapped[int]
    satisfied: Mapped[int]


class RollupMark(Base):
    """How far a roll-up has come: every day before `until` is in it, in this zone, and the feed read up to `seq`."""

    __tablename__ = "rollup_mark"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    zone: Mapped[str] = mapped_column(Text)
    until: Mapped[date] = mapped_column(Date)
    seq: Mapped[int] = mapped_column(BigInteger)


class CorridorDay(Base):
    """What the completions of one day, and the cases opened on it, gave to the customer corridor, by place.

    `figures` is {"parts": [[department, job type, team, category, campus, {figure: count}], ...]}. Of the quarter's
    rows the page is made; a day is kept so that, counted again, it changes them by the difference.
    """

    __tablename__ = "corridor_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    figures: Mapped[dict[str, Any]]


class CorridorQuarter(Base):
    """The corridor's figures of one quarter: of everything, of one ward, job type, team, category or campus, and of
    every combination there was of all five (then without ALL), so that several may be asked for at once.
    """

    __tablename__ = "corridor_quarter"

    quarter: Mapped[date] = mapped_column(Date, primary_key=True)  # its first day
    department_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    job_type: Mapped[str] = mapped_column(Text, primary_key=True)
    team_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    category_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    campus_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    figures: Mapped[dict[str, Any]]


class CompletionJob(Base):
    """The job type of whoever was served, copied when the completion was first counted and never looked up later."""

    __tablename__ = "completion_job"

    completion_id: Mapped[int] = mapped_column(Id, ForeignKey("completion.id"), primary_key=True)
    job_type: Mapped[str] = mapped_column(Text)


class CorridorMeasure(Base):
    """What the hospital does about a hot spot: cause, action, who, by when; and what everybody may read of it.

    No name stands in its words. `published_at` puts "you said, we did" on the public page.
    """

    __tablename__ = "corridor_measure"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name="done_by_somebody"),
        Index(None, "due_on"),
        Index(None, "published_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    quarter: Mapped[date] = mapped_column(Date)
    dimension: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    touchpoint: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    due_on: Mapped[date] = mapped_column(Date)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
    said: Mapped[str] = mapped_column(Text, default="", server_default="")
    did: Mapped[str] = mapped_column(Text, default="", server_default="")
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    published_at: Mapped[datetime | None]
