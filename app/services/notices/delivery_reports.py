"""What WeChat says about a notice after it has taken it."""

from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import announce
from app.models import DeliveryAttempt, Notice, WeChatIdentity
from config.notices import notice_kinds

SILENCE = timedelta(minutes=10)  # WeChat tells within seconds, or never
_FAILURES = {"failed:userblock": "user_block", "failed:systemfailed": "system_failed", "failed:freqlimit": "freq_limit"}


def settle(session: Session, *, channel: str, msgid: str, status: str, at: datetime) -> bool:
    """Record what became of the message; false while no notice of this channel is known by this msgid.

    WeChat writes its words with and without spaces; a word nobody knows is a failure. What failed goes on to the next
    channel; where WeChat's own system failed, the same one has a second chance.
    """
    named = (Notice.msgid == msgid) & (Notice.msgid != "") & (Notice.channel == channel)
    notice = session.scalar(select(Notice).where(named).with_for_update())
    if notice is None:
        return False
    word = status.replace(" ", "").lower()
    if notice.state != "sent":
        return True
    if word == "success":
        notice.outcome = "delivered"
        return True
    reason = _FAILURES.get(word, "not_delivered")
    again = reason == "system_failed" and not notice.resent
    if again:
        notice.resent = True
        notice.client_msg_id = token_hex(12)  # by the old one WeChat would know it, and send nothing
    outcome = "put_off" if again else "failed"
    session.add(
        DeliveryAttempt(
            notice_id=notice.id, channel=notice.channel, at=at, outcome=outcome, reason=reason, detail=status[:100]
        )
    )
    notice.state, notice.next_try_at, notice.settled_at, notice.outcome = "waiting", at, None, None
    notice.reason, notice.detail = reason, status[:100]
    announce(session, "notices")
    return True


def name(session: Session, *, appid: str, openid: str, template: str, msgid: str, at: datetime) -> None:
    """Of a message of the mini-program WeChat may tell the id only now: it is that of the last one sent without."""
    if not msgid:
        return
    kinds = [name for name, kind in notice_kinds().items() if kind.mini and kind.mini.template == template]
    to = select(WeChatIdentity.person_id).where(WeChatIdentity.appid == appid, WeChatIdentity.openid == openid)
    unnamed = select(Notice).where(
        Notice.person_id.in_(to),
        Notice.channel == "mini",
        Notice.kind.in_(kinds),
        Notice.state == "sent",
        Notice.msgid == "",
        Notice.settled_at > at - SILENCE,
    )
    notice = session.scalar(unnamed.order_by(Notice.settled_at.desc(), Notice.id.desc()).limit(1).with_for_update())
    named = select(Notice.id).where(Notice.msgid == msgid, Notice.channel == "mini").limit(1)
    if notice is not None and session.scalar(named) is None:
        notice.msgid = msgid


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
