"""A request that may come twice is done once: its answer is kept with what it did, and given again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, update
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Refused
from app.models import IdempotentPost

# Longer than any call that somebody waits for: after it, whoever began has died.
AT_MOST = timedelta(minutes=1)


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


def begin(session: Session, identity_id: int, key: str, *, request: str, at: datetime) -> Answer | None:
    """Take the key for this request; the answer it got before, where there is one.

    Raises Refused when the key was used for another request, or the first one is still being done.
    """
    values = {"identity_id": identity_id, "key": key, "request": request, "status": 0, "answer": "", "at": at}
    if insert_first(session, IdempotentPost, **values) is not None:
        return None
    known = session.get_one(IdempotentPost, (identity_id, key))
    if known.request != request:
        raise Refused("idempotency_key_reused")
    if known.status:
        return Answer(known.status, known.answer)
    taken = session.execute(
        update(IdempotentPost)
        .where(_row(identity_id, key), IdempotentPost.status == 0, IdempotentPost.at <= at - AT_MOST)
        .values(at=at)
        .returning(IdempotentPost.key)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Refused("still_running")
    return None


def store(session: Session, identity_id: int, key: str, answer: Answer) -> None:
    session.execute(
        update(IdempotentPost)
        .where(_row(identity_id, key))
        .values(status=answer.status, answer=answer.body)
        .execution_options(synchronize_session=False)
    )


def release(session: Session, identity_id: int, key: str) -> None:
    """Nothing was done, so the same request may be made again."""
    session.execute(delete(IdempotentPost).where(_row(identity_id, key), IdempotentPost.status == 0))


def _row(identity_id: int, key: str) -> ColumnElement[bool]:
    return and_(IdempotentPost.identity_id == identity_id, IdempotentPost.key == key)
