"""The records somebody answers for, on their phone: read, a photo put to them, done where the register lets its owner.

Whoever is reminded of a record can open it here, whatever their role; what they write is confirmed as any other's is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import HELD
from app.errors import Missing, Refused
from app.models import RegisterRecord
from app.services.registers import evidence, records, search
from app.services.registers.records import Act
from app.services.registers.search import Shown
from app.services.registers.values import Lookups, read
from config.registers import COLUMNS, Field, Register, registers


def kinds() -> dict[str, Register]:
    """Those whose owner is reminded of a day. Who is named for something else is told nothing of it."""
    known = registers().items()
    return {kind: one for kind, one in known if not one.remind_writer and {"person", "due"} <= _names(one)}


def of_person(session: Session, person_id: int, *, day: date) -> Sequence[Shown]:
    """What is open, the most pressing first."""
    known = kinds()
    own = (RegisterRecord.person_id == person_id, RegisterRecord.kind.in_(known), RegisterRecord.closed.is_(False))
    query = search.lines().where(*own).order_by(RegisterRecord.due_on.is_(None), RegisterRecord.due_on)
    rows = session.execute(query.order_by(RegisterRecord.id).limit(search.DUE_MOST)).all()
    return [search.shown(row, known[row.RegisterRecord.kind], day) for row in rows]


def one(session: Session, person_id: int, record_id: int, *, day: date) -> tuple[Shown, Register]:
    """Raises Missing for what is another's."""
    own = (RegisterRecord.id == record_id, RegisterRecord.person_id == person_id, RegisterRecord.kind.in_(kinds()))
    row = session.execute(search.lines().where(*own)).first()
    if row is None:
        raise Missing("no_such_record")
    register = registers()[row.RegisterRecord.kind]
    return search.shown(row, register, day), register


def may_write(register: Register, record: RegisterRecord, *, provider: bool) -> bool:
    """Open, and of a register the provider writes, where they are of the provider."""
    return not record.closed and (register.provider_writes or not provider)


def results(register: Register) -> tuple[Field, ...]:
    """What came of it: the day, and what is neither planned nor known by its name."""
    return tuple(
        one
        for one in register.current
        if one.name == "done" or not (one.again or one.name in COLUMNS or one.type == "choice")
    )


def finish(session: Session, record_id: int, raw: Mapping[str, str], act: Act) -> None:
    """Done, with what came of it. Raises Refused, and Unfit field by field."""
    record, register = _held(session, record_id, act)
    if not register.owner_ends:
        raise Refused("register_read_only")
    if record.revision != act.revision:
        raise Refused("register_moved")
    form = replace(register, fields=results(register))
    values = read(form, {**raw, "state": register.owner_ends}, Lookups(session, act.who, act.at.date()))
    values.data, values.words = {**record.data, **values.data}, {**record.words, **values.words}
    values.columns["title"] = record.title
    records.put(session, record, register, values, act)


def add_photo(session: Session, record_id: int, act: Act, *, name: str, cleaned: tuple[str, bytes]) -> None:
    """Raises Refused."""
    record, _register = _held(session, record_id, act)
    evidence.put(session, record, act, name=name, cleaned=cleaned)


def may_add(session: Session, record_id: int, act: Act) -> None:
    """Raises Refused where no photo would be taken."""
    record, _register = _held(session, record_id, act)
    evidence.room(session, record)


def _held(session: Session, record_id: int, act: Act) -> tuple[RegisterRecord, Register]:
    _shown, register = one(session, act.who.person_id, record_id, day=act.at.date())
    query = select(RegisterRecord).where(RegisterRecord.id == record_id).with_for_update(**HELD)
    record = session.scalars(query.execution_options(populate_existing=True)).one()
    if not may_write(register, record, provider=not act.who.hospital):
        raise Refused("register_read_only")
    return record, register


def _names(register: Register) -> set[str]:
    return {one.name for one in register.current}
