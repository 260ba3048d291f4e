"""Whoever answers for a record is told before its day, and once more when it is over; once for each day it is due."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.models import RegisterRecord
from app.services import events
from app.services.events import About
from app.services.notices import outbox
from app.services.organisation import employment
from config.registers import registers

MOST = 500  # in one round
SILENT = timedelta(days=60)  # what is over for longer was told of, or brought in from an old table


def due(session: Session, *, at: datetime) -> Sequence[int]:
    """The records somebody has to be told of; `at` is in the hospital's zone."""
    day = at.date()
    last = day + timedelta(days=max(register.remind_days for register in registers().values()))
    record = RegisterRecord
    coming = and_(record.due_on >= day, record.reminded_of.is_distinct_from(record.due_on))
    over = and_(record.due_on < day, record.warned_of.is_distinct_from(record.due_on))
    query = select(record).where(record.closed.is_(False), record.due_on.between(day - SILENT, last), or_(coming, over))
    rows = session.scalars(query.order_by(record.due_on, record.id).limit(MOST)).all()
    return [one.id for one in rows if _wants(one, day)]


def remind(session: Session, record_id: int, *, at: datetime) -> None:
    record = session.scalars(select(RegisterRecord).where(RegisterRecord.id == record_id).with_for_update()).one()
    day = at.date()
    if record.closed or record.due_on is None or not _wants(record, day):
        return
    over = record.due_on < day
    record.reminded_of = record.due_on
    if over:
        record.warned_of = record.due_on
    to = _owner(session, record, day)
    if to is None:
        return
    kind = "register_overdue" if over else "register_due"
    data = {"register": record.kind, "due": record.due_on.isoformat()}
    event = events.append(session, About(record.id), kind, by=None, at=at, channel="clock", data=data)
    outbox.add(session, kind, event, to=to, at=at)


def _wants(record: RegisterRecord, day: date) -> bool:
    register = registers().get(record.kind)
    if register is None or record.due_on is None:
        return False
    if record.due_on < day:
        return record.warned_of != record.due_on
    return record.reminded_of != record.due_on and record.due_on <= day + timedelta(days=register.remind_days)


def _owner(session: Session, record: RegisterRecord, day: date) -> int | None:
    """Who answers for it, while they work here; else who wrote it."""
    named = None if registers()[record.kind].remind_writer else record.person_id
    for person in (named, record.written_by_id):
        if person is not None and employment.roles_at(session, person, day):
            return person
    return None
