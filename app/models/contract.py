"""Who serves the hospital, under which contract, with which teams and posts, and what for."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    and_,
    true,
)
from sqlalchemy.ext.hybrid import hybrid_method
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id
from app.models.listed import Listed


class Provider(Listed, Base):
    __tablename__ = "provider"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)


class Team(Listed, Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[int | None] = mapped_column(Id, ForeignKey("provider.id"))


class Post(Listed, Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[int] = mapped_column(Id, ForeignKey("provider.id"))
    key_post: Mapped[bool] = mapped_column(default=False)
    headcount: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")  # as the contract asks for


class Category(Listed, Base):
    """One line of the service catalogue."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("category.id"))
    for_users: Mapped[bool] = mapped_column(default=True, server_default=true())  # on the short list they choose from


class Contract(Base):
    __tablename__ = "contract"
    __table_args__ = (CheckConstraint("valid_from <= valid_to", name="dates_in_order"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    provider_id: Mapped[int] = mapped_column(Id, ForeignKey("provider.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date] = mapped_column(Date)
    quarterly_base_fen: Mapped[int | None] = mapped_column(BigInteger)  # of a whole quarter; None: not agreed yet

    @hybrid_method
    def in_force(self, day: date) -> bool:
        """The first and the last day belong to it."""
        return self.valid_from <= day <= self.valid_to

    @classmethod
    def meets(cls, first: date, last: date) -> ColumnElement[bool]:
        """In force on any day from `first` to `last`, both included."""
        return and_(cls.valid_from <= last, cls.valid_to >= first)

    @in_force.expression
    @classmethod
    def _in_force(cls, day: date) -> ColumnElement[bool]:
        return and_(cls.valid_from <= day, cls.valid_to >= day)


class ContractScope(Base):
    """What a contract covers. A scope without category or campus covers all of them."""

    __tablename__ = "contract_scope"
    __table_args__ = (Index(None, "contract_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contract_id: Mapped[int] = mapped_column(Id, ForeignKey("contract.id"))
    category_id: Mapped[int | None] = mapped_column(Id, ForeignKey("category.id"))
    campus_id: Mapped[int | None] = mapped_column(Id, ForeignKey("campus.id"))
