"""Evidence of a record: photos drawn anew, documents written anew; never changed afterwards."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePath

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.errors import Missing, Refused
from app.models import Person, RegisterFile, RegisterRecord
from app.models.register import TAKEN_OUT
from app.pagination import Line
from app.services import events, spelling
from app.services.events import About
from app.services.registers import access, records
from app.services.registers.access import Reader
from app.services.registers.cleaning import ENDINGS
from app.services.registers.records import Act

MOST = 12
NAME_MOST = 80
_taker = aliased(Person)


def may_add(session: Session, record_id: int, kind: str, act: Act) -> RegisterRecord:
    """The record, held, for whoever may put one more to it; raises Refused."""
    records.writable(act.who, kind)
    record = records.held(session, record_id, kind, act)
    if not act.who.hospital and record.provider_id != act.who.provider_id:
        raise Refused("register_not_yours")
    room(session, record)
    return record


def room(session: Session, record: RegisterRecord) -> None:
    """Raises Refused where there is enough."""
    there = select(func.count()).where(RegisterFile.record_id == record.id, RegisterFile.taken_out_at.is_(None))
    if (session.scalar(there) or 0) >= MOST:
        raise Refused("evidence_enough", most=MOST)


def add(session: Session, record_id: int, kind: str, act: Act, *, name: str, cleaned: tuple[str, bytes]) -> None:
    """What `cleaning` has made of it, under the name it came with, and the ending it has now."""
    put(session, may_add(session, record_id, kind, act), act, name=name, cleaned=cleaned)


def put(session: Session, record: RegisterRecord, act: Act, *, name: str, cleaned: tuple[str, bytes]) -> None:
    """To a record somebody may write. Raises Refused where there is enough."""
    room(session, record)
    kind, (media_type, content) = record.kind, cleaned
    plain = spelling.visible(PurePath(name.replace("\\", "/")).stem)[:NAME_MOST] or kind
    kept = {"media_type": media_type, "size": len(content), "content": content, "digest": _digest(content)}
    named = f"{plain}.{ENDINGS[media_type]}"
    file = RegisterFile(record_id=record.id, name=named, by_id=act.who.person_id, at=act.at, **kept)
    session.add(file)
    session.flush()
    data = {"register": kind, "file": file.id}
    events.append(
        session, About(record.id), "register_filed", by=act.who.person_id, at=act.at, channel=act.channel, data=data
    )


def take_out(session: Session, record_id: int, kind: str, file_id: int, act: Act, *, why: str) -> None:
    """A wrong one: name and bytes go, its digest stays with who took it out and why. Raises Refused.

    By the hospital; by the provider only what they put there themselves, until somebody has confirmed the record. What
    was confirmed with it has to be so again.
    """
    register = records.writable(act.who, kind)
    record = records.held(session, record_id, kind, act)
    file = session.scalar(select(RegisterFile).where(RegisterFile.id == file_id, RegisterFile.record_id == record_id))
    if file is None or file.taken_out_at is not None:
        raise Missing("no_such_file")
    if not may_take_out(act.who, record, file.by_id):
        raise Refused("register_not_yours")
    if why not in TAKEN_OUT:
        raise Refused("evidence_why")
    digest = file.digest or _digest(file.content)
    file.name, file.content = "", b""
    file.taken_out_at, file.taken_out_by_id, file.taken_out_why = act.at, act.who.person_id, why
    if register.second:
        record.confirmed_at = record.confirmed_by_id = None
    data = {"register": kind, "file": file.id, "digest": digest, "why": why}
    events.append(
        session, About(record.id), "register_taken_out", by=act.who.person_id, at=act.at, channel=act.channel, data=data
    )
    session.flush()


def may_take_out(who: Reader, record: RegisterRecord, put_by: int | None) -> bool:
    return who.acts and (who.hospital or (put_by == who.person_id and record.confirmed_at is None))


def taken_out(session: Session, record_ids: Sequence[int]) -> Sequence[Line]:
    """Of these records: what stood behind a figure and is there no more."""
    file = RegisterFile
    query = select(RegisterRecord.code, _begins(file.digest), file.at, file.taken_out_at, file.taken_out_why)
    query = query.join(RegisterRecord, RegisterRecord.id == file.record_id)
    gone = (file.record_id.in_(record_ids), file.taken_out_at.is_not(None))
    return session.execute(query.where(*gone).order_by(file.taken_out_at, file.id)).all()


def _begins(digest: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """As much of it as is read and compared by people."""
    return func.substr(digest, 1, 16).label("digest")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def of_record(session: Session, record_id: int) -> Sequence[Line]:
    """What there is, without its content."""
    file = RegisterFile
    query = select(
        *(file.id, file.name, file.media_type, file.size, file.at, file.by_id, _begins(file.digest)),
        *(file.taken_out_at, file.taken_out_why, Person.name.label("by"), _taker.name.label("taken_out_by")),
    )
    query = query.outerjoin(Person, Person.id == file.by_id).outerjoin(_taker, _taker.id == file.taken_out_by_id)
    query = query.where(file.record_id == record_id)
    return session.execute(query.order_by(file.id)).all()


def get(session: Session, who: Reader, kind: str, record_id: int, file_id: int) -> Line:
    """Name, media type and content; raises Missing for what they do not see."""
    access.register(who, kind)
    return read(session, record_id, file_id, *access.visible(who, kind))


def read(session: Session, record_id: int, file_id: int, *seen: ColumnElement[bool]) -> Line:
    """Of a record whose reader is known to see it; raises Missing."""
    file = RegisterFile
    query = select(file.name, file.media_type, file.content).join(RegisterRecord, RegisterRecord.id == file.record_id)
    of_it = (file.id == file_id, file.record_id == record_id, file.taken_out_at.is_(None), *seen)
    found = session.execute(query.where(*of_it)).first()
    if found is None:
        raise Missing("no_such_file")
    return found
