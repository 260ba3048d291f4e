"""Plans that repeat: when the day of one has come, or it is done, the next is there, once.

Not only when it is done: what was left out has to stand in the register, or nobody would count it.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from app.models import Contract, RegisterRecord
from app.services.registers import records
from app.services.registers.access import Reader
from app.services.registers.records import Act
from config.registers import registers

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
LATEST = timedelta(days=100)  # what should have been before that is of a quarter that is over
MOST = 500  # in one round
_next = aliased(RegisterRecord)


def following(due: date, every: str) -> date:
    """The same day a period later; the last day of a month stays the last."""
    if every == "week":
        return due + timedelta(days=7)
    years, month = divmod(due.month - 1 + MONTHS[every], 12)
    year, month = due.year + years, month + 1
    last, ended = monthrange(year, month)[1], due.day == monthrange(due.year, due.month)[1]
    return date(year, month, last if ended else min(due.day, last))


def due(session: Session, *, at: datetime) -> Sequence[int]:
    """The records whose next is missing; `at` is in the hospital's zone. One that was dropped ends the row."""
    query = select(RegisterRecord.id).outerjoin(Contract, Contract.id == RegisterRecord.contract_id)
    due_query = query.where(*_conditions(at.date()))
    return session.scalars(due_query.order_by(RegisterRecord.due_on, RegisterRecord.id).limit(MOST)).all()


def _conditions(day: date) -> Iterator[ColumnElement[bool]]:
    record = RegisterRecord
    yield record.every != literal_column("''")  # in the words of its index
    yield record.void.is_(False)
    yield or_(record.due_on <= day, and_(record.due_on.is_not(None), record.closed.is_(True)))
    yield or_(record.contract_id.is_(None), Contract.in_force(day))
    yield ~select(_next.id).where(_next.follows_id == record.id).exists()


def follow(session: Session, record_id: int, *, at: datetime) -> None:
    """Write the next one down, as planned as this one was; nothing where there is one, or the contract ends before."""
    record = session.scalars(select(RegisterRecord).where(RegisterRecord.id == record_id).with_for_update()).one()
    register = registers().get(record.kind)
    query = select(RegisterRecord.id).outerjoin(Contract, Contract.id == RegisterRecord.contract_id)
    still = session.scalar(query.where(RegisterRecord.id == record_id, *_conditions(at.date())))
    if still is None or register is None or record.due_on is None:
        return
    day = following(record.due_on, record.every)
    while day < at.date() - LATEST:
        day = following(day, record.every)
    under = select(Contract.id).where(Contract.id == record.contract_id, Contract.in_force(day))
    if record.contract_id is not None and session.scalar(under) is None:
        return
    by_clock = Act(Reader(record.written_by_id or 0, hospital=True), at, channel="clock")
    records.repeat(session, record, register, day, by_clock)
