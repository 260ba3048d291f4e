"""What the hospital shows of itself."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class HospitalMark(Base):
    """The mark on top of every page, drawn anew; one row, or none."""

    __tablename__ = "hospital_mark"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
