"""A photo of who comes, where they consented: put there by themselves, shown to users, taken back at any moment."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Portrait


def put(session: Session, person_id: int, content: bytes, *, at: datetime) -> None:
    """In place of the one before. Whoever puts it there consents that users see it."""
    take_back(session, person_id)
    session.add(Portrait(person_id=person_id, content=content, consented_at=at))


def take_back(session: Session, person_id: int) -> None:
    session.execute(delete(Portrait).where(Portrait.person_id == person_id))


def of_person(session: Session, person_id: int) -> bytes:
    """Raises Missing where there is none."""
    found = session.scalar(select(Portrait.content).where(Portrait.person_id == person_id))
    if found is None:
        raise Missing("no_such_photo")
    return found


def who_have_one(session: Session, people: Collection[int]) -> set[int]:
    return set(session.scalars(select(Portrait.person_id).where(Portrait.person_id.in_(people))))
