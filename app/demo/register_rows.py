"""The demo hospital's registers (registers.toml), written by the services themselves, so that no page is empty."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pydantic.dataclasses import dataclass
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import roles
from app.models import Contract, Person
from app.services.registers import records, stock
from app.services.registers.access import Reader
from app.services.registers.records import Act
from config.files import CLOSED, Flag, Text, read_file
from config.registers import registers


@dataclass(frozen=True, config=CLOSED)
class RecordPlan:
    """One record: what it says, on which days from today it is due and was done, how many parts came in."""

    kind: Text
    said: Mapping[str, str]
    due: int | None = None
    done: int | None = None
    confirmed: Flag = False
    parts: int = 0


@dataclass(frozen=True, config=CLOSED)
class File:
    records: tuple[RecordPlan, ...]


def write(session: Session, *, at: datetime) -> None:
    """Written by the supervisor, confirmed by the admin, under the demo's contract; `at` is the hospital's moment."""
    ids = dict(session.execute(select(Person.staff_number, Person.id)).all())
    writer, second = (
        Act(Reader(ids[part.staff_number], hospital=True, acts=True), at, revision=1)
        for part in (roles.SUPERVISOR, roles.ADMIN)
    )
    contract = session.scalars(select(Contract.number)).one()
    for one in read_file(Path(__file__).with_name("registers.toml"), File).records:
        known = {"state", *(field.name for field in registers()[one.kind].current)}
        days = {"due": one.due, "done": one.done}
        dated = {name: str(at.date() + timedelta(day)) for name, day in days.items() if day is not None}
        fields = {"contract": contract, **one.said, **dated}
        record = records.create(session, one.kind, {name: fields[name] for name in fields if name in known}, writer)
        if one.parts:
            stock.move(session, record.id, one.kind, writer, movement="in", count=one.parts)
        if one.confirmed:
            records.confirm(session, record.id, one.kind, second)
