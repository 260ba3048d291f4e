"""Days off as they were taken in: one row for each notice, never changed; of a year the last one counts."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class HolidayNotice(Base):
    """A year's days off and worked week-end days, as dates in text."""

    __tablename__ = "holiday_notice"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    notice: Mapped[str] = mapped_column(Text)
    off: Mapped[list[str]] = mapped_column(JSON)
    work: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
