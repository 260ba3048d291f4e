"""Whose data, and what selects the rows that are about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.errors import Missing
from app.models import Person, WeChatIdentity
from app.pagination import Query


@dataclass(frozen=True)
class Subject:
    """Whose data: a person with the WeChat identities bound to them, or one identity that is bound to nobody.

    `last`: only so many of their tickets and ratings, the newest, for a page that shows a few; else all there are.
    """

    person_id: int | None
    identity_ids: tuple[int, ...]
    last: int | None = None

    @classmethod
    def of_identity(cls, session: Session, identity_id: int) -> "Subject":
        identity = session.get_one(WeChatIdentity, identity_id)
        if identity.person_id is None:
            return cls(None, (identity_id,))
        return cls.of_person(session, identity.person_id)

    @classmethod
    def of_person(cls, session: Session, person_id: int) -> "Subject":
        bound = select(WeChatIdentity.id).where(WeChatIdentity.person_id == person_id).order_by(WeChatIdentity.id)
        return cls(person_id, tuple(session.scalars(bound)))

    @classmethod
    def of_staff_number(cls, session: Session, staff_number: str) -> "Subject":
        """Raises Missing."""
        person_id = session.scalar(select(Person.id).where(Person.staff_number == staff_number.strip()))
        if person_id is None:
            raise Missing("no_such_person")
        return cls.of_person(session, person_id)


def belongs_to(column: Any, subject: Subject) -> ColumnElement[bool]:
    # Nobody's id: for who is bound to nobody no row fits, not those whose column is empty.
    return column == (subject.person_id or 0)  # type: ignore[no-any-return]


def any_of(queries: Sequence[Query]) -> Any:
    """Each by its own index, where an OR would read the whole table."""
    return union(*queries).scalar_subquery()


def newest(query: Query, at: InstrumentedAttribute[datetime], subject: Subject) -> Query:
    """The ids `query` selects, as many of the newest as are wanted."""
    if subject.last is None:
        return query
    # In a select of its own: SQLite takes no LIMIT in a part of a union.
    return select(query.order_by(at.desc()).limit(subject.last).subquery())
