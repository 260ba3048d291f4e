"""What is printed ahead: pads of blank slips, the tickets they were given to, and WeChat's own codes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class SlipPad(Base):
    """A pad of blank slips: `count` reserved numbers from `first`."""

    __tablename__ = "slip_pad"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    first: Mapped[int] = mapped_column(Id, unique=True)
    count: Mapped[int]
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]

    @property
    def last(self) -> int:
        return self.first + self.count - 1


class SlipLink(Base):
    """A blank slip was given to a ticket, once and for good; a ticket may have several slips."""

    __tablename__ = "slip_link"
    __table_args__ = (Index(None, "ticket_id"),)

    number: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"))
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class MiniCode(Base):
    """A mini-program code as WeChat drew it; the same content is never asked for twice."""

    __tablename__ = "mini_code"

    content: Mapped[str] = mapped_column(Text, primary_key=True)  # a digest of what the picture depends on
    media_type: Mapped[str] = mapped_column(Text)
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
