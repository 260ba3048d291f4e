"""Notices: written with the change that causes them, claimed by a worker, their outcome recorded."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import announce
from app.models import Event, Notice

KINDS = ("dispatched", "reopened", "urged", "finished")
LEASE = timedelta(seconds=30)  # longer than a send can take; after a kill the notice is due again


def add(session: Session, kind: str, event: Event, *, to: int, at: datetime) -> Notice:
    """Put a notice about this event beside it; a worker looks as soon as the transaction is committed."""
    notice = Notice(
        kind=kind,
        event_id=event.id,
        ticket_id=event.ticket_id,
        person_id=to,
        next_try_at=at,
        client_msg_id=secrets.token_hex(12),
        created_at=at,
    )
    session.add(notice)
    announce(session, "notices")
    return notice


def claim(session: Session, *, at: datetime, most: int = 20) -> list[Notice]:
    """Take what is due, each for the length of a lease; other workers pass over what is taken."""
    due = (
        select(Notice.id)
        .where(Notice.state.in_(("waiting", "sending")), Notice.next_try_at <= at)
        .order_by(Notice.next_try_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(
        session.scalars(
            update(Notice)
            .where(Notice.id.in_(due))
            .values(state="sending", next_try_at=at + LEASE, attempts=Notice.attempts + 1)
            .returning(Notice)
            .execution_options(synchronize_session=False)
        )
    )
