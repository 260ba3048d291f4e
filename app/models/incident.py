"""One fault of many: a major incident is one ticket, and a ticket of its own for each department that joins."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, and_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id
from app.models.ticket import Ticket

_OPEN = text("closed_at IS NULL")


class MajorIncident(Base):
    """What callers are told before they type; open until its ticket is finished, or somebody closes it."""

    __tablename__ = "major_incident"
    __table_args__ = (Index("ix_major_incident_open", "opened_at", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"), unique=True)
    title: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    closed_at: Mapped[datetime | None]


class IncidentChild(Base):
    """The ticket of a department that joined: it goes the parent's way, and has a code of its own."""

    __tablename__ = "incident_child"
    __table_args__ = (Index(None, "incident_id", "department_id", unique=True),)

    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"), primary_key=True)
    incident_id: Mapped[int] = mapped_column(Id, ForeignKey("major_incident.id"))
    department_id: Mapped[int] = mapped_column(Id, ForeignKey("department.id"))


def follows_another() -> ColumnElement[bool]:
    """Of a ticket: its work and its time are counted with the parent's; once it was reopened it is one of its own."""
    return and_(Ticket.cycle == 1, select(IncidentChild.ticket_id).where(IncidentChild.ticket_id == Ticket.id).exists())
