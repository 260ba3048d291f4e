"""Evidence of a record: photos drawn anew, documents written anew; never changed afterwards."""

from collections.abc import Sequence
from pathlib import PurePath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Person, RegisterFile, RegisterRecord
from app.pagination import Line
from app.services import events, spelling
from app.services.events import About
from app.services.registers import access, records
from app.services.registers.access import Reader
from app.services.registers.cleaning import ENDINGS
from app.services.registers.records import Act

MOST = 12
NAME_MOST = 80


def may_add(session: Session, record_id: int, kind: str, act: Act) -> RegisterRecord:
    """The record, held, for whoever may put one more to it; raises Refused."""
    records.writable(act.who, kind)
    record = records.held(session, record_id, kind, act)
    if not act.who.hospital and record.provider_id != act.who.provider_id:
        raise Refused("register_not_yours")
    if (session.scalar(select(func.count()).where(RegisterFile.record_id == record_id)) or 0) >= MOST:
        raise Refused("evidence_enough", most=MOST)
    return record


def add(session: Session, record_id: int, kind: str, act: Act, *, name: str, cleaned: tuple[str, bytes]) -> None:
    """What `cleaning` has made of it, under the name it came with, and the ending it has now."""
    record, (media_type, content) = may_add(session, record_id, kind, act), cleaned
    plain = spelling.visible(PurePath(name.replace("\\", "/")).stem)[:NAME_MOST] or kind
    kept = {"media_type": media_type, "size": len(content), "content": content}
    named = f"{plain}.{ENDINGS[media_type]}"
    file = RegisterFile(record_id=record.id, name=named, by_id=act.who.person_id, at=act.at, **kept)
    session.add(file)
    session.flush()
    data = {"register": kind, "file": file.id}
    events.append(
        session, About(record.id), "register_filed", by=act.who.person_id, at=act.at, channel=act.channel, data=data
    )


def of_record(session: Session, record_id: int) -> Sequence[Line]:
    """What there is, without its content."""
    file = RegisterFile
    query = select(file.id, file.name, file.media_type, file.size, file.at, Person.name.label("by"))
    query = query.outerjoin(Person, Person.id == file.by_id).where(file.record_id == record_id)
    return session.execute(query.order_by(file.id)).all()


def get(session: Session, who: Reader, kind: str, record_id: int, file_id: int) -> Line:
    """Name, media type and content; raises Missing for what they do not see."""
    access.register(who, kind)
    file = RegisterFile
    query = select(file.name, file.media_type, file.content).join(RegisterRecord, RegisterRecord.id == file.record_id)
    of_it = (file.id == file_id, file.record_id == record_id, *access.visible(who, kind))
    found = session.execute(query.where(*of_it)).first()
    if found is None:
        raise Missing("no_such_file")
    return found
