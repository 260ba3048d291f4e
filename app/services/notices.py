"""Notices: written with the change that causes them, claimed by a worker, their outcome recorded."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db import announce
from app.models import Category, Department, Event, Notice, Place, Ticket, WeChatIdentity

LEASE = timedelta(seconds=30)  # longer than a send takes; after a kill the notice is due again
# WeChat knows a client_msg_id for ten minutes. Later, a message that may be out is not sent a second time.
SAME_MESSAGE = timedelta(minutes=9)
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300, 900, 3600))
GIVE_UP = timedelta(hours=24)
STOPPED_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True)
class Letter:
    """A claimed notice with all that is needed to send it, read out before the transaction ends."""

    notice_id: int
    claimed_at: datetime
    kind: str
    client_msg_id: str
    openid: str | None = field(repr=False)
    number: str
    ticket_id: int
    category: str
    place: str
    moment: datetime
    priority: int


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


def alert(session: Session, kind: str, *, about: str, to: int, at: datetime) -> Notice:
    """Tell somebody of what is about no ticket; `about` is a code."""
    notice = Notice(
        kind=kind, about=about, person_id=to, next_try_at=at, client_msg_id=secrets.token_hex(12), created_at=at
    )
    session.add(notice)
    announce(session, "notices")
    return notice


def claim(session: Session, *, appid: str, at: datetime, most: int) -> list[Letter]:
    """Take what is due, each for the length of a lease; other workers pass over what is taken.

    What may be out already and is too old for WeChat to recognise is given up instead, with that reason.
    """
    # Asked for by itself: inside the UPDATE, PostgreSQL may run the limited query once per row and take them all.
    due = session.scalars(
        select(Notice.id)
        .where(Notice.state.in_(("waiting", "sending")), Notice.next_try_at <= at)
        .order_by(Notice.next_try_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = session.scalars(
        update(Notice)
        .where(Notice.id.in_(due))
        .values(state="sending", next_try_at=at + LEASE, attempts=Notice.attempts + 1)
        .returning(Notice)
        .execution_options(synchronize_session=False)
    ).all()
    for notice in claimed:
        if notice.uncertain_since is not None and at - notice.uncertain_since > SAME_MESSAGE:
            _settle(notice, "failed", at, reason="uncertain")
        else:
            notice.uncertain_since = notice.uncertain_since or at
    session.flush()
    return _letters(session, [notice.id for notice in claimed if notice.state == "sending"], appid, at)


def next_due(session: Session) -> datetime | None:
    """When the next notice is to be tried, or taken over from a worker that died."""
    return session.scalar(select(func.min(Notice.next_try_at)).where(Notice.state.in_(("waiting", "sending"))))


def sent(session: Session, letter: Letter, *, msgid: str, at: datetime) -> None:
    """WeChat has it; a fact, whoever holds the notice by now."""
    notice = session.get_one(Notice, letter.notice_id, with_for_update=True)
    notice.msgid = msgid
    _settle(notice, "sent", at)


def failed(session: Session, letter: Letter, *, reason: str, detail: str = "", at: datetime) -> None:
    """Given up: trying again would not help."""
    if notice := _held(session, letter):
        _settle(notice, "failed", at, reason=reason, detail=detail)


def try_again(
    session: Session,
    letter: Letter,
    *,
    reason: str,
    detail: str,
    uncertain: bool,
    at: datetime,
    not_before: datetime | None = None,
) -> None:
    """Put off by a growing pause, at least to `not_before`; given up after a day."""
    notice = _held(session, letter)
    if notice is None:
        return
    if at - notice.created_at > GIVE_UP:
        _settle(notice, "failed", at, reason=reason, detail=detail)
        return
    pause = BACKOFF[min(notice.attempts, len(BACKOFF)) - 1]
    notice.state = "waiting"
    notice.next_try_at = max(at + pause, not_before or at)
    notice.reason, notice.detail = reason, detail
    # A plain answer clears this try, not an earlier one of which we never heard.
    if not uncertain and notice.uncertain_since == letter.claimed_at:
        notice.uncertain_since = None


def hold_back(session: Session, letter: Letter, *, reason: str, detail: str, until: datetime) -> None:
    """What stopped this letter stops all of its kind: they wait too, instead of asking WeChat one by one."""
    session.execute(
        update(Notice)
        .where(Notice.state == "waiting", Notice.kind == letter.kind, Notice.next_try_at < until)
        .values(next_try_at=until, reason=reason, detail=detail)
        .execution_options(synchronize_session=False)
    )


def _held(session: Session, letter: Letter) -> Notice | None:
    """The notice, if this claim of it still stands: after its lease another worker may have taken it over."""
    query = select(Notice).where(Notice.id == letter.notice_id, Notice.state == "sending").with_for_update()
    return session.scalar(query.where(Notice.next_try_at == letter.claimed_at + LEASE))


def _settle(notice: Notice, state: str, at: datetime, *, reason: str = "", detail: str = "") -> None:
    notice.state = state
    notice.reason, notice.detail = reason, detail
    notice.settled_at = at
    notice.uncertain_since = None


def _letters(session: Session, notice_ids: list[int], appid: str, claimed_at: datetime) -> list[Letter]:
    rows = session.execute(
        select(
            Notice.id,
            Notice.kind,
            Notice.client_msg_id,
            WeChatIdentity.openid,
            Ticket.number,
            Ticket.id,
            Category.name,
            Place.name,
            Department.name,
            Event.at,
            Ticket.priority,
        )
        .join(Ticket, Ticket.id == Notice.ticket_id)
        .join(Event, Event.id == Notice.event_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(
            WeChatIdentity,
            (WeChatIdentity.person_id == Notice.person_id) & (WeChatIdentity.appid == appid),
        )
        .where(Notice.id.in_(notice_ids))
        .order_by(Notice.id)
    )
    return [
        Letter(id_, claimed_at, kind, key, openid, number, ticket, category or "", place or ward or "", at, priority)
        for id_, kind, key, openid, number, ticket, category, place, ward, at, priority in rows
    ]
