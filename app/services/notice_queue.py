"""The notices that wait, claimed by workers: to each person one at a time, the oldest first."""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.models import Notice, Person
from app.services import delivering
from app.services.channels import Ladder
from app.services.delivering import KEEPS_PLACE, LEASE, Letter

# Written out, since no database finds its partial index for a value it has yet to be told.
_OPEN: BindParameter[Any] = bindparam("open", ("waiting", "sending"), expanding=True, literal_execute=True)


def claim(session: Session, ladder: Ladder, *, at: datetime, most: int) -> list[Letter]:
    """Take what is due, each for the length of a lease; other workers pass over what is taken."""
    due = and_(Notice.state.in_(_OPEN), Notice.next_try_at <= at, ~_blocked(at))
    oldest = select(Notice.id, Notice.person_id).where(due).order_by(Notice.next_try_at).limit(most)
    first = session.execute(oldest).all()
    if not first:
        return []
    # Held, so that of two workers only one takes something for a person; the second looks again after the first.
    people = session.scalars(
        select(Person.id)
        .where(Person.id.in_({row.person_id for row in first}))
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    # Asked for by itself: inside the UPDATE, PostgreSQL may run the limited query once per row and take them all.
    ids = session.scalars(
        select(Notice.id)
        .where(Notice.id.in_([row.id for row in first]), Notice.person_id.in_(people), due)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = session.scalars(
        update(Notice)
        .where(Notice.id.in_(ids))
        .values(state="sending", next_try_at=at + LEASE, attempts=Notice.attempts + 1)
        .returning(Notice)
        .execution_options(synchronize_session=False)
    ).all()
    return delivering.begin(session, ladder, sorted(claimed, key=lambda notice: notice.id), at=at)


def next_due(session: Session, *, at: datetime) -> datetime | None:
    """When the next notice is to be tried, or taken over from a worker that died."""
    in_flight = and_(Notice.state == "sending", Notice.next_try_at > at)
    free = select(Notice.next_try_at).where(Notice.state.in_(_OPEN), or_(in_flight, ~_blocked(at)))
    return session.scalar(free.order_by(Notice.next_try_at).limit(1))


def _blocked(at: datetime) -> ColumnElement[bool]:
    """Another to the same person is on its way, or comes first. Who waits for a quiet hour lets others pass."""
    other = aliased(Notice)
    in_flight = and_(other.state == "sending", other.next_try_at > at)
    before = and_(other.id < Notice.id, or_(other.next_try_at <= at, other.reason.in_(KEEPS_PLACE)))
    same_person = and_(other.person_id == Notice.person_id, other.id != Notice.id, other.state.in_(_OPEN))
    return select(other.id).where(same_person, or_(in_flight, before)).correlate(Notice).exists()
