"""Notices: written with the change that causes them; a worker delivers them, and the inbox always shows them."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.db import announce, first
from app.driver import Line, Prepared
from app.models import Event, Notice
from app.services.events import Recorded

_COLUMNS = (
    *("kind", "event_id", "ticket_id", "about", "person_id", "state"),
    *("client_msg_id", "next_try_at", "created_at", "settled_at"),
)
_NOTICE = Prepared(lambda _dialect: insert(Notice).returning(Notice.id), _COLUMNS)


def add(db: Session | Line, kind: str, event: Event | Recorded, *, to: int, at: datetime) -> int:
    """Put a notice about this event beside it; a worker looks as soon as the transaction is committed."""
    return _add(db, kind, to, at, event_id=event.id, ticket_id=event.ticket_id)


def add_alert(db: Session | Line, kind: str, *, about: str, to: int, at: datetime) -> int:
    """Tell somebody of what is about no ticket; `about` is a code."""
    return _add(db, kind, to, at, about=about)


def add_inbox_only(db: Session | Line, kind: str, *, about: str, to: int, at: datetime) -> None:
    """Put it into somebody's inbox and send it by no channel; `about` is a code."""
    _write(db, kind, to, at, about=about, state="kept", settled_at=at)


def _add(db: Session | Line, kind: str, to: int, at: datetime, **more: Any) -> int:
    announce(db, "notices")
    return _write(db, kind, to, at, **more)


def _write(db: Session | Line, kind: str, to: int, at: datetime, **more: Any) -> int:
    values = {
        "kind": kind,
        "person_id": to,
        "client_msg_id": secrets.token_hex(12),
        "next_try_at": at,
        "created_at": at,
    }
    row = first(db, _NOTICE, {**_USUALLY, **values, **more})
    return int(row.id)


_USUALLY = {"event_id": None, "ticket_id": None, "about": "", "state": "waiting", "settled_at": None}
