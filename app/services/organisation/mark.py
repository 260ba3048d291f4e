"""The hospital's mark: put there by an admin's upload, else the file of the settings; known by its content's hash."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.errors import Refused
from app.models import HospitalMark
from app.services import events, images
from app.services.events import About

LOOKS_AGAIN = timedelta(seconds=30)  # until then a process goes on showing what it has
_ALL = About(1)  # one installation, one mark


@dataclass(frozen=True)
class Mark:
    digest: str
    content: bytes


class Shown:
    """What this process shows: asked of the database now and then after a page that went well, never for a page."""

    def __init__(self, database: Database, of_settings: bytes | None) -> None:
        self._database = database
        self._of_settings = drawn(of_settings) if of_settings else None
        self.looks_at = clock.now()
        self.mark = self._of_settings

    def look_again(self) -> None:
        """It may have been changed by another process."""
        at = clock.now()
        if at < self.looks_at:
            return
        self.looks_at = at + LOOKS_AGAIN
        with suppress(SQLAlchemyError), self._database.reading() as session:
            self.show(_standing(session, self.mark))

    def show(self, mark: Mark | None) -> None:
        self.mark = mark or self._of_settings


def _standing(session: Session, known: Mark | None) -> Mark | None:
    digest = session.scalar(select(HospitalMark.digest))
    if digest is None or (known is not None and known.digest == digest):
        return known if digest else None
    return Mark(digest, session.get_one(HospitalMark, 1).content)


def drawn(content: bytes) -> Mark:
    made = images.mark(content)
    return Mark(sha256(made).hexdigest()[:16], made)


def put(session: Session, content: bytes, *, by: int, at: datetime) -> Mark:
    """Drawn anew, in place of the one before; raises Refused."""
    if len(content) > images.LARGEST:
        raise Refused("photo_too_large", most="2 MB")
    made = drawn(content)
    session.merge(HospitalMark(id=1, digest=made.digest, content=made.content, at=at, by_id=by))
    events.append(session, _ALL, "mark_changed", by=by, at=at, channel="console", data={"digest": made.digest})
    return made


def take_away(session: Session, *, by: int, at: datetime) -> None:
    """What the settings name is shown again, if they name one."""
    if session.get(HospitalMark, 1) is not None:
        session.execute(delete(HospitalMark))
        events.append(session, _ALL, "mark_changed", by=by, at=at, channel="console", data={"digest": None})
