"""What is published of a draw: written once with its signature, read as it was written."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Missing, Refused
from app.models import Draw, DrawFile, DrawFilePart
from app.services.draws.keys import Secret
from app.services.draws.merkle_list import Bytes
from lottery import files as forms

PART = 4 * 1024 * 1024
CLAIMS = "claims.json"
ANNOUNCEMENT = "announcement.json"

Fields = dict[str, Any]


@dataclass(frozen=True)
class File:
    id: int
    name: str
    sha256: str
    size: int
    at: datetime


def write(
    session: Session, draw: Draw, name: str, content: Bytes, *, secret: Secret, at: datetime, edition: int = 1
) -> str:
    """Publish a file and its signature; answers its hash. Raises Refused if it stands there already."""
    digest = _store(session, draw, name, content, at, edition)
    _store(session, draw, f"{name}.sig", secret.sign(content).encode("ascii"), at, edition)
    return digest


def write_json(
    session: Session,
    draw: Draw,
    name: str,
    fields: Fields,
    form: object,
    *,
    secret: Secret,
    at: datetime,
    edition: int = 1,
) -> str:
    forms.check(fields, form, name)
    return write(session, draw, name, to_bytes(fields), secret=secret, at=at, edition=edition)


def to_bytes(fields: Fields) -> bytes:
    return (json.dumps(fields, ensure_ascii=False, indent=1) + "\n").encode()


def find(session: Session, draw: Draw, name: str) -> File | None:
    """The file of this name, of the claims the last edition."""
    query = select(DrawFile).where(DrawFile.draw_id == draw.id, DrawFile.name == name)
    row = session.scalar(query.order_by(DrawFile.edition.desc()).limit(1))
    return File(row.id, row.name, row.sha256, row.size, row.at) if row else None


def get(session: Session, draw: Draw, name: str) -> File:
    if (found := find(session, draw, name)) is None:
        raise Missing("no_such_file")
    return found


def content(session: Session, file: File) -> Iterator[bytes]:
    """In parts, so that a list of millions can be served as it is read."""
    for number in range((file.size + PART - 1) // PART):
        yield _part(session, file, number)


def whole(session: Session, file: File) -> memoryview:
    """All of it, and what was written: raises Refused when the database gives something else."""
    read, place = memoryview(bytearray(file.size)), 0
    for part in content(session, file):
        read[place : place + len(part)] = part
        place += len(part)
    if sha256(read).hexdigest() != file.sha256:
        raise Refused("file_altered", name=file.name)
    return read


def fields(session: Session, draw: Draw, name: str) -> Fields:
    read: Fields = json.loads(bytes(whole(session, get(session, draw, name))))
    return read


class Stored:
    """A file's bytes, each part of it read when something in it is asked for."""

    def __init__(self, session: Session, file: File) -> None:
        self._session, self._file = session, file
        self._parts: dict[int, bytes] = {}

    def __len__(self) -> int:
        return self._file.size

    def __getitem__(self, place: slice) -> bytes:
        start, stop, _step = place.indices(len(self))
        first = start // PART
        joined = b"".join(self._part(number) for number in range(first, (stop + PART - 1) // PART))
        return joined[start - first * PART : stop - first * PART]

    def _part(self, number: int) -> bytes:
        if number not in self._parts:
            self._parts[number] = _part(self._session, self._file, number)
        return self._parts[number]


def all_of(session: Session, draw: Draw) -> list[File]:
    """Every published file by name, each in its last edition."""
    rows = session.scalars(
        select(DrawFile).where(DrawFile.draw_id == draw.id).order_by(DrawFile.name, DrawFile.edition)
    )
    return list({row.name: File(row.id, row.name, row.sha256, row.size, row.at) for row in rows}.values())


def names(session: Session) -> dict[int, set[str]]:
    """What is published of every draw, by its row's id."""
    found: dict[int, set[str]] = {}
    for draw_id, name in session.execute(select(DrawFile.draw_id, DrawFile.name)):
        found.setdefault(draw_id, set()).add(name)
    return found


def announcements(session: Session) -> dict[int, Fields]:
    """Every draw's announcement, by its row's id."""
    rows = session.execute(
        select(DrawFile.draw_id, DrawFilePart.content)
        .join(DrawFilePart, DrawFilePart.file_id == DrawFile.id)
        .where(DrawFile.name == ANNOUNCEMENT)
        .order_by(DrawFilePart.number)
    )
    parts: dict[int, bytes] = {}
    for draw_id, part in rows:
        parts[draw_id] = parts.get(draw_id, b"") + part
    return {draw_id: json.loads(content) for draw_id, content in parts.items()}


def edition(session: Session, draw: Draw, name: str) -> int:
    """How many editions there are."""
    query = select(DrawFile.edition).where(DrawFile.draw_id == draw.id, DrawFile.name == name)
    return session.scalar(query.order_by(DrawFile.edition.desc()).limit(1)) or 0


def versions(session: Session, draw: Draw) -> int:
    """How many versions of the list are committed."""
    names = select(DrawFile.name).where(DrawFile.draw_id == draw.id, DrawFile.name.like("leaves-%.bin"))
    return len(session.scalars(names).all())


def winners_of(session: Session, draw: Draw, draw_round: int) -> list[Fields]:
    """The winners as published, each with the tier."""
    if find(session, draw, f"result-{draw_round}.json") is None:
        return []
    read = fields(session, draw, f"result-{draw_round}.json")
    return [{"tier": tier["tier"], **winner} for tier in read["tiers"] for winner in tier["winners"]]


def announced(session: Session, draw: Draw) -> Fields:
    """Asked for by every step and page: read once in a session, it never changes."""
    read: dict[int, bytes] = session.info.setdefault(ANNOUNCEMENT, {})
    if draw.id not in read:
        read[draw.id] = bytes(whole(session, get(session, draw, ANNOUNCEMENT)))
    parsed: Fields = json.loads(read[draw.id])
    return parsed


def when(fields: Fields, key: str) -> datetime:
    return forms.moment(fields[key], key)


def written(at: datetime, announcement: Fields) -> str:
    """A moment as the files of this draw write it: in the announcement's zone, to the second."""
    return at.astimezone(when(announcement, "closes").tzinfo).replace(microsecond=0).isoformat()


def _part(session: Session, file: File, number: int) -> bytes:
    part = DrawFilePart.file_id == file.id, DrawFilePart.number == number
    return session.scalars(select(DrawFilePart.content).where(*part)).one()


def _store(session: Session, draw: Draw, name: str, data: Bytes, at: datetime, edition: int) -> str:
    digest = sha256(data).hexdigest()
    file_id = insert_first(
        session, DrawFile, draw_id=draw.id, name=name, edition=edition, sha256=digest, size=len(data), at=at
    )
    if file_id is None:
        raise Refused("written_before", name=name)
    for number, start in enumerate(range(0, len(data), PART)):
        part = bytes(data[start : start + PART])
        session.execute(insert(DrawFilePart).values(file_id=file_id, number=number, content=part))
    return digest
