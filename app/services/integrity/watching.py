"""Looks at every day that is over, once: what the signals see in the quarter so far is put before a person.

A reader of the feed: a day in which nothing came that the signals read raises nothing new. Each day is looked at as it
stood at its end, so that starting again from the first gives the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.models import Event, IntegrityFlag, RollupMark
from app.services import events, feed
from app.services.events import About
from app.services.indicators.quarters import Quarter
from app.services.integrity import records
from config.integrity import signals, thresholds
from supervision.signals import Finding, findings

NAME = "integrity"
A_DAY = timedelta(days=1)
STILL_RATED = timedelta(days=21)  # window and binding of what was finished last
READ = frozenset(
    {"finished", "shown", "rated", "corrected", "bound", "cancelled", "urged", "still_broken", "case_opened"}
)
AGAIN = 2  # times as much


@dataclass(frozen=True)
class Look:
    """What the signals saw at the end of a day, and from where the mark goes on."""

    day: date
    since: date
    """Where the mark stood."""
    seq: int
    newest: bool
    found: tuple[tuple[Quarter, Finding], ...]


def look(session: Session, *, zone: ZoneInfo, at: datetime) -> Look | None:
    """At the next day that is over; none where all are looked at. Only reads, for it takes its time."""
    today = at.astimezone(zone).date()
    mark = session.get(RollupMark, NAME)
    since, seq = (mark.until, mark.seq) if mark else (Quarter.at(today).before.first, 0)
    if since >= today:
        return None
    yesterday, busy, last = today - A_DAY, _busy(session, since, zone), feed.last(session)
    day = min(busy or yesterday, yesterday)
    until, found = datetime.combine(day + A_DAY, time(), tzinfo=zone), list[tuple[Quarter, Finding]]()
    if day == busy or feed.has_any(session, after=seq, kinds=READ):
        for quarter in _quarters(day):
            seen = findings(records.load(session, quarter, until=until, zone=zone), thresholds())
            found += [(quarter, one) for one in seen]
    return Look(day, since, last, day == yesterday, tuple(found))


def take(session: Session, seen: Look, *, zone: ZoneInfo, at: datetime) -> list[IntegrityFlag]:
    """Raise what had not been seen before, and go on; of two workers who looked at a day the second does nothing."""
    mark = session.get(RollupMark, NAME, with_for_update=True)
    if mark is None:
        insert_first(session, RollupMark, name=NAME, zone=zone.key, until=seen.since, seq=0)
        mark = session.get_one(RollupMark, NAME, with_for_update=True)
    if mark.until != seen.since:
        return []
    mark.until = seen.day + A_DAY
    if seen.newest:  # what has a later number is of no day that was looked at, or was written down late
        mark.seq = seen.seq
    raised = []
    for quarter, one in seen.found:
        if one.found >= AGAIN * _counts(session, quarter).get((one.signal, one.lead, one.rater), 0):
            raised.append(_raise(session, one, quarter, seen.day, at))
    return raised


def _raise(session: Session, one: Finding, quarter: Quarter, day: date, at: datetime) -> IntegrityFlag:
    flag = IntegrityFlag(
        quarter=str(quarter),
        signal=one.signal,
        lead_id=one.lead,
        identity_id=one.rater,
        found=one.found,
        out_of=one.among,
        usual=one.usual,
        numbers=dict(signals()[one.signal].numbers),
        evidence={"answers": list(one.answers), "tickets": list(one.tickets)},
        day=day,
        at=at,
    )
    session.add(flag)
    session.flush()
    data = {"flag": flag.id, "signal": one.signal, "quarter": flag.quarter, "found": one.found, "of": one.among}
    data |= {"engineer": one.lead, "identity": one.rater}
    events.append(session, About(flag.id), "signal_raised", by=None, at=at, channel="integrity", data=data)
    return flag


def _counts(session: Session, quarter: Quarter) -> dict[tuple[str, int | None, int | None], int]:
    """How much each had seen when it was raised last."""
    flag = IntegrityFlag
    query = select(flag.signal, flag.lead_id, flag.identity_id, flag.found).where(flag.quarter == str(quarter))
    return {(signal, lead, rater): found for signal, lead, rater, found in session.execute(query.order_by(flag.id))}


def _busy(session: Session, since: date, zone: ZoneInfo) -> date | None:
    """The first day from there on on which something happened that the signals read."""
    begins = datetime.combine(since, time(), tzinfo=zone)
    query = select(Event.at).where(Event.at >= begins, Event.kind.in_(READ)).order_by(Event.at).limit(1)
    first = session.scalar(query)
    return first.astimezone(zone).date() if first else None


def _quarters(day: date) -> Iterator[Quarter]:
    yield Quarter.at(day)
    before = Quarter.at(day).before
    if day - before.last <= STILL_RATED:
        yield before
