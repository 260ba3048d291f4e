"""What was written on paper while the system was away."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class DowntimeForm(Base):
    """A numbered form that was taken in, once: its ticket is a late record, and somebody else checks it."""

    __tablename__ = "downtime_form"
    __table_args__ = (CheckConstraint("checked_by_id <> entered_by_id", name="checked_by_another"),)

    number: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"), unique=True)
    entered_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))  # empty: at the command line
    entered_at: Mapped[datetime]
    checked_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    checked_at: Mapped[datetime | None]
