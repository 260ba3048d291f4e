"""A request that may come twice is done once: its answer is kept with what it did, and given again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, update
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Refused
from app.models import IdempotentPost, IntegrationPost

# Longer than any call that somebody waits for: after it, whoever began has died.
AT_MOST = timedelta(minutes=1)


@dataclass(frozen=True)
class KeptResponse:
    status: int
    body: str


@dataclass(frozen=True)
class Owner:
    """Whose keys they are: a WeChat identity's, or another system's."""

    id: int
    table: Any = IdempotentPost
    """Or IntegrationPost: a key of an owner, request, status, answer."""

    @property
    def column(self) -> str:
        """Beside the key."""
        return "integration_id" if self.table is IntegrationPost else "identity_id"


def begin(session: Session, owner: Owner, key: str, *, request: str, at: datetime) -> KeptResponse | None:
    """Take the key for this request; the answer it got before, where there is one.

    Raises Refused when the key was used for another request, or the first one is still being done.
    """
    values = {owner.column: owner.id, "key": key, "request": request, "status": 0, "answer": "", "at": at}
    if insert_first(session, owner.table, **values) is not None:
        return None
    known = session.get_one(owner.table, (owner.id, key))
    if known.request != request:
        raise Refused("idempotency_key_reused")
    if known.status:
        return KeptResponse(known.status, known.answer)
    renewed = session.execute(
        update(owner.table)
        .where(_row(owner, key), owner.table.status == 0, owner.table.at <= at - AT_MOST)
        .values(at=at)
        .returning(owner.table.key)
        .execution_options(synchronize_session=False)
    ).first()
    if renewed is None:
        raise Refused("still_running")
    return None


def store(session: Session, owner: Owner, key: str, answer: KeptResponse) -> None:
    session.execute(
        update(owner.table)
        .where(_row(owner, key))
        .values(status=answer.status, answer=answer.body)
        .execution_options(synchronize_session=False)
    )


def release(session: Session, owner: Owner, key: str) -> None:
    """Nothing was done, so the same request may be made again."""
    session.execute(delete(owner.table).where(_row(owner, key), owner.table.status == 0))


def _row(owner: Owner, key: str) -> ColumnElement[bool]:
    return and_(getattr(owner.table, owner.column) == owner.id, owner.table.key == key)
