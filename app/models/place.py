"""Where things are, and which: campus, department, place, asset."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id
from app.models.listed import Listed


class Campus(Listed, Base):
    __tablename__ = "campus"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)


class Located:
    """Building, floor and room as people say them; empty where nobody said."""

    campus_id: Mapped[int | None] = mapped_column(Id, ForeignKey("campus.id"))
    building: Mapped[str] = mapped_column(Text, default="")
    floor: Mapped[str] = mapped_column(Text, default="")
    room: Mapped[str] = mapped_column(Text, default="")


class Department(Located, Listed, Base):
    __tablename__ = "department"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)


class Place(Located, Base):
    __tablename__ = "place"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    department_id: Mapped[int | None] = mapped_column(Id, ForeignKey("department.id"))
    telephone: Mapped[str] = mapped_column(Text, default="", server_default="")  # of the room, as its nurses' station


class Asset(Base):
    """A printer, a cart, a screen: what carries a label. The tag is what people read on it."""

    __tablename__ = "asset"
    __table_args__ = (Index(None, "place_id"), Index(None, "department_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    tag: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    category_id: Mapped[int | None] = mapped_column(Id, ForeignKey("category.id"))  # of the faults it usually has
    place_id: Mapped[int | None] = mapped_column(Id, ForeignKey("place.id"))
    department_id: Mapped[int | None] = mapped_column(Id, ForeignKey("department.id"))
    retired_at: Mapped[datetime | None]
