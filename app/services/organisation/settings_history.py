"""What the hospital has set, on record: whoever reads a figure later can see by which settings it came about."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Event
from app.services import events
from app.services.events import About

_ALL = About(1)  # one installation, one set of settings


def record(session: Session, settings: Mapping[str, object], *, at: datetime) -> bool:
    """Write `settings` (codes, numbers and digests of files; never a secret) down unless they stand already."""
    last = select(Event.data).where(
        Event.ticket_id.is_(None), Event.subject == "setting", Event.kind == "settings_changed"
    )
    if session.scalar(last.order_by(Event.id.desc()).limit(1)) == settings:
        return False
    events.append(session, _ALL, "settings_changed", by=None, at=at, channel="worker", data=dict(settings))
    return True
