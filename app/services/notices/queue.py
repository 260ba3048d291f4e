"""The notices that wait, claimed by workers: to each person one at a time, the oldest first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.models import Notice, Person
from app.services.notices import delivery
from app.services.notices.channels import ChannelOrder
from app.services.notices.delivery import BLOCKS_LATER, LEASE, Attempt

# Looked at for each that may be taken: some of them wait behind others.
LOOK = 3
# A notice behind another is woken when that one is done, and is looked at after this time should nobody wake it.
BEHIND = timedelta(minutes=10)
_other = aliased(Notice)


def claim(session: Session, order: ChannelOrder, *, at: datetime, most: int) -> list[Attempt]:
    """Take what is due, each for the length of a lease; other workers pass over what is taken.

    What is due behind another to the same person is moved out of the way, so that it is not looked at all the time.
    """
    rows = _look(session, at, most * LOOK)
    free = [row.id for row in rows if not row.behind][:most]
    _put_behind(session, [row.id for row in rows if row.behind], at)
    claimed = session.scalars(
        update(Notice)
        .where(Notice.id.in_(free))
        .values(state="sending", next_try_at=at + LEASE, attempts=Notice.attempts + 1)
        .returning(Notice)
        .execution_options(synchronize_session=False)
    ).all()
    return delivery.start(session, order, sorted(claimed, key=lambda notice: notice.id), at=at)


def next_due(session: Session) -> datetime | None:
    """When the next notice is to be tried, or taken over from a worker that died."""
    waiting = select(Notice.next_try_at).where(Notice.settled_at.is_(None))
    return session.scalar(waiting.order_by(Notice.next_try_at).limit(1))


def _look(session: Session, at: datetime, most: int) -> Sequence[Row[int, bool]]:
    due = and_(Notice.settled_at.is_(None), Notice.next_try_at <= at)
    oldest = select(Notice.id, Notice.person_id).where(due).order_by(Notice.next_try_at).limit(most)
    found = session.execute(oldest).all()
    # Held, so that of two workers only one takes something for a person; the second looks again after the first.
    held = select(Person.id).where(Person.id.in_({row.person_id for row in found}))
    people = session.scalars(held.with_for_update(key_share=True, skip_locked=True)).all()
    # Asked for by itself, and after the locks: only now nobody else changes what is decided here.
    return session.execute(
        select(Notice.id, _behind(at).label("behind"))
        .where(due, Notice.id.in_([row.id for row in found]), Notice.person_id.in_(people))
        .order_by(Notice.next_try_at, Notice.id)
        .with_for_update(skip_locked=True, of=Notice)
    ).all()


def _behind(at: datetime) -> ColumnElement[bool]:
    """Another to the same person is on its way, or comes first. Who waits for a quiet hour lets others pass."""
    in_flight = and_(_other.state == "sending", _other.next_try_at > at)
    before = and_(_other.id < Notice.id, or_(_other.next_try_at <= at, _other.reason.in_(BLOCKS_LATER)))
    same_person = and_(_other.person_id == Notice.person_id, _other.id != Notice.id, _other.settled_at.is_(None))
    return select(_other.id).where(same_person, or_(in_flight, before)).correlate(Notice).exists()


def _put_behind(session: Session, notice_ids: list[int], at: datetime) -> None:
    if notice_ids:
        session.execute(
            update(Notice)
            .where(Notice.id.in_(notice_ids))
            .values(state="waiting", reason="behind", next_try_at=at + BEHIND)
            .execution_options(synchronize_session=False)
        )
