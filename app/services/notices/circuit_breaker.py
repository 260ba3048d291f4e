"""Channels that refuse until somebody mends them: skipped, asked now and then by one attempt, healed by its success.

A stop is of a whole channel, or of one kind of notice on it (its template is gone).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import announce, insert_first
from app.models import ChannelOutage, DeliveryAttempt, Notice, RoleGrant
from app.services.notices import outbox
from app.services.organisation import employment

PAUSE = timedelta(minutes=10)  # where WeChat does not say when it will be over
SAME_TROUBLE = timedelta(hours=1)  # what comes back so soon was never mended: it is not told again
PROBE = timedelta(seconds=60)  # longer than one attempt takes to find out
SILENT, SILENCE = 3, timedelta(minutes=2)  # after so many attempts in a row without an answer, a short stop
LATELY = timedelta(minutes=30)  # longer than an attempt is in doubt


def standing(session: Session) -> Sequence[ChannelOutage]:
    return session.scalars(
        select(ChannelOutage).where(ChannelOutage.healed_at.is_(None)).order_by(ChannelOutage.id)
    ).all()


def shut(stops: Iterable[ChannelOutage], channel: str, kind: str, at: datetime) -> ChannelOutage | None:
    """The one because of which such an attempt is not sent by this channel now."""
    standing = (one for one in _on(stops, channel, kind) if one.until > at)
    return max(standing, key=lambda one: one.until, default=None)


def half_open(
    session: Session, stops: Iterable[ChannelOutage], channel: str, kind: str, at: datetime
) -> tuple[int, ...] | None:
    """The stops this attempt is to try, now that their time is over; None where another attempt was first."""
    due = _on(stops, channel, kind)
    if not all(_take(session, stop, at) for stop in due):
        return None
    return tuple(stop.id for stop in due)


def open_for(
    session: Session, channel: str, kind: str, *, reason: str, detail: str, until: datetime, at: datetime
) -> None:
    """It refuses; whoever is the first to say so alerts the admins."""
    known = {"channel": channel, "kind": kind}
    first = insert_first(session, ChannelOutage, **known, reason=reason, detail=detail, since=at, until=until)
    if first is not None:
        before = select(ChannelOutage.id).filter_by(**known).where(ChannelOutage.healed_at > at - SAME_TROUBLE).limit(1)
        if session.scalar(before) is None:
            _alert(session, f"{channel}:{kind}" if kind else channel, at)
        return
    standing_one = select(ChannelOutage).filter_by(**known, healed_at=None).with_for_update()
    found = session.scalar(standing_one.execution_options(populate_existing=True))
    # Of many attempts that fail together one has moved it already.
    if found is not None and found.until < until - PROBE:
        found.reason, found.detail = reason, detail
        _hold(session, found, until)


def count_timeout(session: Session, channel: str, *, detail: str, at: datetime) -> None:
    """An attempt has ended there; where it is one of several in a row of which we heard nothing, the channel rests."""
    last = session.scalars(
        select(DeliveryAttempt.reason)
        .where(
            DeliveryAttempt.channel == channel,
            DeliveryAttempt.at > at - LATELY,
            DeliveryAttempt.outcome.in_(("sent", "failed")),
        )
        .order_by(DeliveryAttempt.id.desc())
        .limit(SILENT)
    ).all()
    if last == ["uncertain"] * SILENT:
        open_for(session, channel, "", reason="silent", detail=detail, until=at + SILENCE, at=at)


def close(session: Session, stop_ids: Iterable[int], *, at: datetime) -> None:
    """It works again: all that waited for it is due."""
    stops = select(ChannelOutage).where(ChannelOutage.id.in_(stop_ids), ChannelOutage.healed_at.is_(None))
    for one in session.scalars(stops.order_by(ChannelOutage.id).with_for_update()):
        one.healed_at = at
        _move_held(session, one, at)
        announce(session, "notices")


def _on(stops: Iterable[ChannelOutage], channel: str, kind: str) -> list[ChannelOutage]:
    return [one for one in stops if one.channel == channel and one.kind in {"", kind}]


def _take(session: Session, stop: ChannelOutage, at: datetime) -> bool:
    # Nobody waits here for a row while holding others: two workers would wait for each other.
    free = select(ChannelOutage).where(
        ChannelOutage.id == stop.id, ChannelOutage.healed_at.is_(None), ChannelOutage.until <= at
    )
    held = session.scalar(free.with_for_update(skip_locked=True).execution_options(populate_existing=True))
    if held is None:
        return False
    _hold(session, held, at + PROBE)
    return True


def _hold(session: Session, stop: ChannelOutage, until: datetime) -> None:
    stop.until = until
    _move_held(session, stop, until)


def _move_held(session: Session, stop: ChannelOutage, to: datetime) -> None:
    """All that wait for this stop, but those another worker is just looking at."""
    held = select(Notice.id).where(
        Notice.state == "waiting", Notice.reason == "stopped", Notice.channel == stop.channel
    )
    if stop.kind:
        held = held.where(Notice.kind == stop.kind)
    session.execute(
        update(Notice)
        .where(Notice.id.in_(held.with_for_update(skip_locked=True)))
        .values(next_try_at=to)
        .execution_options(synchronize_session=False)
    )


def _alert(session: Session, about: str, at: datetime) -> None:
    admins = select(RoleGrant.person_id).where(
        RoleGrant.role == "admin", employment.works(RoleGrant.person_id, at.date())
    )
    for admin in session.scalars(admins.order_by(RoleGrant.person_id)):
        outbox.add_alert(session, "channel_stopped", about=about, to=admin, at=at)
