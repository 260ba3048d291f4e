"""What was counted once and for all, a day at a time, so that nobody counts years of it at each look."""

from datetime import date

from sqlalchemy import BigInteger, Date, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

ALL = 0  # no row has this id


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
