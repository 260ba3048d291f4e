"""What somebody looks for again and again in a list of the console."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class SavedFilter(Base):
    """The conditions of one list under a name: their own, nobody else's."""

    __tablename__ = "saved_filter"
    __table_args__ = (Index(None, "person_id", "page", "name", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    page: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
