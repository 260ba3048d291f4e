"""What WeChat says about a notice after it has taken it."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import Notice

SILENCE = timedelta(minutes=10)  # WeChat tells within seconds, or never
_FAILURES = {"failed:userblock": "user_block", "failed:systemfailed": "system_failed", "failed:freqlimit": "freq_limit"}


def settle(session: Session, *, msgid: str, status: str, at: datetime) -> bool:
    """Record what became of the message; false while no notice is known by this msgid.

    WeChat writes its words with and without spaces; a word nobody knows is a failure.
    """
    notice = session.scalar(select(Notice).where(Notice.msgid == msgid, Notice.msgid != "").with_for_update())
    if notice is None:
        return False
    word = status.replace(" ", "").lower()
    if word == "success":
        notice.outcome = "delivered"
        return True
    notice.state, notice.reason, notice.detail = "failed", _FAILURES.get(word, "not_delivered"), status[:100]
    notice.settled_at = at
    return True


def give_up_waiting(session: Session, *, expected: bool, at: datetime) -> None:
    """Where WeChat has been silent long enough, or its callbacks go elsewhere, the outcome stays unknown."""
    session.execute(
        update(Notice)
        .where(
            Notice.state == "sent",
            Notice.outcome.is_(None),
            Notice.settled_at <= (at - SILENCE if expected else at),
        )
        .values(outcome="unknown")
        .execution_options(synchronize_session=False)
    )
