"""A record of a register: written, written anew, confirmed by a second person, moved; its history says who and when.

A form is of the record as it was seen: whoever comes second is told, and nothing of theirs is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import HELD, upsert
from app.errors import Missing, Refused
from app.models import Counter, RegisterEntry, RegisterRecord
from app.services import events
from app.services.events import About
from app.services.registers import access
from app.services.registers.access import Reader
from app.services.registers.values import Lookups, Unfit, Values, read
from config.registers import Register

KEPT = ("state", "title", "due_on", "done_on", "period", "every", "person_id", "contract_id", "category_id")
PLANNED = ("title", "every", "person_id", "provider_id", "contract_id", "category_id")
CODE_MOST = 40


@dataclass(frozen=True)
class Act:
    """Who does it, when, from where; `seen` is the revision they looked at."""

    who: Reader
    at: datetime
    channel: str = "console"
    revision: int = 0

    @property
    def by(self) -> int | None:
        """Nobody where the clock did it, whoever answers for what it wrote."""
        return None if self.channel == "clock" else self.who.person_id


def create(session: Session, kind: str, raw: Mapping[str, str], act: Act) -> RegisterRecord:
    """Under the number that is given, or the next one. Raises Refused, and Unfit field by field."""
    register = writable(act.who, kind)
    values = read(register, raw, Lookups(session, act.who, act.at.date()))
    if not act.who.hospital:
        values.columns["provider_id"] = act.who.provider_id
    code = raw.get("code", "") or next_code(session, kind, register)
    record = RegisterRecord(
        kind=kind,
        code=code,
        stock=0 if register.stock else None,
        revision=0,
        created_at=act.at,
        period="",
    )
    put(session, record, register, values, act)
    return record


def repeat(session: Session, record: RegisterRecord, register: Register, day: date, act: Act) -> RegisterRecord:
    """The next of a plan: what was planned, due that day; not what came of it. Its author answers for it again."""
    again = {one.name for one in register.current if one.again}
    columns = {name: getattr(record, name) for name in PLANNED}
    columns |= {"state": register.first_state, "closed": False, "void": False, "due_on": day}
    anew = RegisterRecord(
        kind=record.kind,
        code=next_code(session, record.kind, register),
        stock=None,
        revision=0,
        created_at=act.at,
        period="",
        follows_id=record.id,
    )
    data, words = ({k: v for k, v in column.items() if k in again} for column in (record.data, record.words))
    put(session, anew, register, Values(columns, data, words), act)
    return anew


def revise(session: Session, record_id: int, kind: str, raw: Mapping[str, str], act: Act) -> bool:
    """Write it anew, under today's form; whether anything is different. What was confirmed has to be so again."""
    register = writable(act.who, kind)
    record = held(session, record_id, kind, act)
    if not act.who.hospital and record.provider_id != act.who.provider_id:
        raise Refused("register_not_yours")
    if record.revision != act.revision:
        raise Refused("register_moved")
    values = read(register, raw, Lookups(session, act.who, act.at.date()))
    known = {one.name for one in register.current}
    values.data |= {name: value for name, value in record.data.items() if name not in known}
    values.words |= {name: value for name, value in record.words.items() if name not in known}
    same = all(getattr(record, name) == value for name, value in values.columns.items())
    if same and (record.data, record.words) == (values.data, values.words):
        return False
    put(session, record, register, values, act)
    return True


def confirm(session: Session, record_id: int, kind: str, act: Act) -> None:
    """A second person of the hospital has seen the evidence. Never who has written what stands. Raises Refused."""
    register = access.register(act.who, kind)
    if not act.who.signs or not register.second:
        raise Refused("register_not_to_confirm")
    record = held(session, record_id, kind, act)
    if record.revision != act.revision:
        raise Refused("register_moved")
    if record.confirmed_at is not None:
        raise Refused("register_confirmed")
    if record.written_by_id == act.who.person_id:
        raise Refused("register_own")
    record.confirmed_by_id, record.confirmed_at = act.who.person_id, act.at
    enter(session, record, "confirmed", act)


def held(session: Session, record_id: int, kind: str, act: Act) -> RegisterRecord:
    """The record, held against other writers; raises Missing for what they do not see."""
    query = select(RegisterRecord).where(RegisterRecord.id == record_id, *access.visible(act.who, kind))
    found = session.scalar(query.with_for_update(**HELD).execution_options(populate_existing=True))
    if found is None:
        raise Missing("no_such_record")
    return found


def writable(who: Reader, kind: str) -> Register:
    register = access.register(who, kind)
    if not who.may_write(register):
        raise Refused("register_read_only")
    return register


def enter(
    session: Session,
    record: RegisterRecord,
    kind: str,
    act: Act,
    *,
    change: int | None = None,
    ticket_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> RegisterEntry:
    """A line of its history, beside the event."""
    facts = {"register": record.kind, "revision": record.revision, **(data or {})}
    about, by = About(record.id), act.by
    event = events.append(session, about, f"register_{kind}", by=by, at=act.at, channel=act.channel, data=facts)
    entry = RegisterEntry(
        record_id=record.id,
        event_id=event.id,
        kind=kind,
        revision=record.revision,
        form=record.form,
        data=dict(data or {}),
        words={},
        change=change,
        stock=record.stock,
        ticket_id=ticket_id,
        by_id=by,
        at=act.at,
    )
    session.add(entry)
    return entry


def next_code(session: Session, kind: str, register: Register) -> str:
    """SP-0001 and so on; one that is taken by hand is passed over."""
    while True:
        value = session.scalar(
            upsert(session, Counter)
            .values(name=f"register:{register.prefix}", value=1)
            .on_conflict_do_update(index_elements=["name"], set_={"value": Counter.value + 1})
            .returning(Counter.value)
        )
        code = f"{register.prefix}-{value:04d}"
        if (
            session.scalar(select(RegisterRecord.id).where(RegisterRecord.kind == kind, RegisterRecord.code == code))
            is None
        ):
            return code


def put(session: Session, record: RegisterRecord, register: Register, values: Values, act: Act) -> None:
    """As it stands from now on; the record is held, or new."""
    for name, value in values.columns.items():
        setattr(record, name, value)
    record.data, record.words = values.data, values.words
    record.searched = " ".join([record.code, record.title, *values.words.values()]).lower()
    record.form = register.form
    record.revision += 1
    record.written_at, record.written_by_id = act.at, act.who.person_id or None
    record.confirmed_at = record.confirmed_by_id = None
    session.add(record)
    session.flush()
    entry = enter(session, record, "written", act)
    stands = {name: getattr(record, name) for name in KEPT if name != "title"}
    entry.data = values.data | {name: str(value) for name, value in stands.items() if value not in {None, ""}}
    entry.words = {"title": record.title, **values.words}
    session.flush()


__all__ = [
    "CODE_MOST",
    "Act",
    "Unfit",
    "confirm",
    "create",
    "enter",
    "held",
    "next_code",
    "put",
    "repeat",
    "revise",
    "writable",
]
