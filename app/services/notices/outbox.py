"""Notices: written with the change that causes them; a worker delivers them, and the inbox always shows them."""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import announce
from app.models import Event, Notice
from app.services.events import Recorded


def add(session: Session, kind: str, event: Event | Recorded, *, to: int, at: datetime) -> Notice:
    """Put a notice about this event beside it; a worker looks as soon as the transaction is committed."""
    return _add(session, Notice(kind=kind, event_id=event.id, ticket_id=event.ticket_id, person_id=to), at)


def add_alert(session: Session, kind: str, *, about: str, to: int, at: datetime) -> Notice:
    """Tell somebody of what is about no ticket; `about` is a code."""
    return _add(session, Notice(kind=kind, about=about, person_id=to), at)


def add_inbox_only(session: Session, kind: str, *, about: str, to: int, at: datetime) -> None:
    """Put it into somebody's inbox and send it by no channel; `about` is a code."""
    settled = {"state": "kept", "settled_at": at, "next_try_at": at, "created_at": at}
    session.add(Notice(kind=kind, about=about, person_id=to, client_msg_id=secrets.token_hex(12), **settled))


def _add(session: Session, notice: Notice, at: datetime) -> Notice:
    notice.client_msg_id = secrets.token_hex(12)
    notice.next_try_at = notice.created_at = at
    session.add(notice)
    announce(session, "notices")
    return notice
