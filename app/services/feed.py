"""The feed: every event once, numbered in the order of commits, without gaps, for whoever follows the history.

Ids are handed out before the commit, so "newer than id N" skips whoever commits late. A reader keeps the last `seq` it
has worked on and asks for what follows; it never meets a number below it again. Whoever comes first numbers what has
been committed since: no process has to be alive for it. Within one batch events stand in the order of their ids, so
what was written after something else was seen comes after it.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Select, cast, func, insert, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Text

from app.db import Database, insert_first
from app.models import Event, FeedEntry, FeedMark
from app.models.kinds import PROVIDER_SEES_EVENTS
from app.pagination import Line

BATCH = 5_000
LOOK_SECONDS = 0.5
STALLED_LOOKS = 6  # at which something waited and nobody had numbered it: whoever numbers is done long before
_LOCK = 0x66656564  # "feed", as PostgreSQL's advisory locks want it


@dataclass(frozen=True)
class _Horizon:
    """What is decided: with a transaction's number, everything older than it."""

    newest: int
    oldest_running: int | None = None


def number(session: Session, *, most: int = BATCH) -> int:
    """Number what has been committed since, at most so many; how many. Needs a writing transaction of its own.

    0 also where somebody else is numbering at this moment.
    """
    postgresql = session.get_bind().dialect.name == "postgresql"
    if postgresql and not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
        return 0
    horizon = _horizon(session, postgresql=postgresql)  # before this transaction has a number of its own
    mark = _mark(session)
    fresh = session.scalars(_unnumbered(mark.settled_id).limit(most)).all()
    before = last(session)
    if fresh:
        session.execute(
            insert(FeedEntry), [{"seq": before + n, "event_id": id_} for n, id_ in enumerate(fresh, start=1)]
        )
    if len(fresh) < most:  # else there may be more that is visible and below the fence
        _settle(session, mark, horizon)
    return len(fresh)


def last(session: Session) -> int:
    """The number of the last event that has one."""
    return session.scalar(select(func.max(FeedEntry.seq))) or 0


def read(session: Session, *, after: int, most: int = 500, kinds: Collection[str] = ()) -> Sequence[Line]:
    """The numbered events that follow `after`, as rows of `seq` and `Event`. Call `number` first, to be up to date.

    With `kinds` only those of them, still of the `most` that follow.
    """
    query = select(FeedEntry.seq, Event).join(Event, Event.id == FeedEntry.event_id)
    query = query.where(FeedEntry.seq > after, FeedEntry.seq <= after + most)  # there are no gaps
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    return session.execute(query.order_by(FeedEntry.seq)).all()


def has_any(session: Session, *, after: int, kinds: Collection[str]) -> bool:
    """Whether an event of these kinds follows `after`."""
    query = select(FeedEntry.seq).join(Event, Event.id == FeedEntry.event_id)
    found = query.where(FeedEntry.seq > after, Event.kind.in_(kinds)).order_by(FeedEntry.seq).limit(1)
    return session.scalar(found) is not None


def waits(session: Session) -> bool:
    """Whether something has been committed that has no number yet."""
    settled = session.scalar(select(FeedMark.settled_id)) or 0
    return session.scalar(_unnumbered(settled).limit(1)) is not None


def number_all(database: Database) -> bool:
    """Number whatever has been committed, a batch in a transaction; only looked at where there is nothing to number.

    False where something waits and somebody else is numbering.
    """
    with database.reading() as session:
        behind = waits(session)
    numbered = 0
    while behind:
        with database.transaction() as session:
            numbered = number(session)
        if not numbered:
            return False
        behind = numbered == BATCH
    return True


class Watch:
    """How far the work has come, for everybody whom one process serves: the number of its last event.

    However many ask, the database is asked twice a second at most. Only what the provider's staff may see moves it:
    else they would learn from it that somebody has rated.
    """

    def __init__(self, database: Database, *, every: float = LOOK_SECONDS) -> None:
        self._database = database
        self._every = every
        self._looking = Lock()
        self._looked = self._numbered = -every
        self._last = 0
        self._in_vain = 0

    @property
    def stalled(self) -> bool:
        """Something has waited for its number for too long: who asks is not told what happens."""
        return self._in_vain >= STALLED_LOOKS

    def last(self) -> int:
        """As far as it is numbered; only read. Whoever comes while somebody looks is told what was known before."""
        if time.monotonic() - self._looked >= self._every:
            self._one_at_a_time(self._look)
        return self._last

    def follow(self) -> int:
        """Numbers first what has been committed since."""
        if time.monotonic() - self._numbered >= self._every:
            self._one_at_a_time(self._number)
        return self._last

    def behind(self) -> bool:
        """Whether something has been committed that `last` cannot know of."""
        with self._database.reading() as session:
            return waits(session)

    def _one_at_a_time(self, act: Callable[[], None]) -> None:
        if self._looking.acquire(blocking=False):
            try:
                act()
            finally:
                self._looking.release()

    def _number(self) -> None:
        before, numbered = self._last, number_all(self._database)
        self._look()
        # Where the last one is another one now, somebody else has numbered.
        self._in_vain = 0 if numbered or self._last != before else self._in_vain + 1
        self._numbered = self._looked

    def _look(self) -> None:
        seen = select(FeedEntry.seq).join(Event, Event.id == FeedEntry.event_id)
        newer = seen.where(FeedEntry.seq > self._last, Event.kind.in_(PROVIDER_SEES_EVENTS))
        with self._database.reading() as session:
            self._last = session.scalar(newer.order_by(FeedEntry.seq.desc()).limit(1)) or self._last
        self._looked = time.monotonic()


def _unnumbered(settled: int) -> Select[int]:
    numbered = select(FeedEntry.seq).where(FeedEntry.event_id == Event.id)
    return select(Event.id).where(Event.id > settled, ~numbered.exists()).order_by(Event.id)


def _mark(session: Session) -> FeedMark:
    mark = session.get(FeedMark, 1)
    if mark is None:
        insert_first(session, FeedMark, id=1, settled_id=0)
        mark = session.get_one(FeedMark, 1)
    return mark


def _horizon(session: Session, *, postgresql: bool) -> _Horizon:
    # Each in a statement of its own, in this order: what is newest first, then who is still at work.
    newest = session.scalar(select(func.max(Event.id))) or 0
    if not postgresql:
        return _Horizon(newest)
    oldest = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
    return _Horizon(newest, session.scalar(select(oldest)))


def _settle(session: Session, mark: FeedMark, horizon: _Horizon) -> None:
    """Forget what can change no more, so that the next look does not go over it again.

    On SQLite one writes at a time, so ids are in commit order. On PostgreSQL an id that is missing below the fence may
    be a late committer's, until every transaction that ran when the fence was set has ended.
    """
    if horizon.oldest_running is None:
        settled, fence = horizon.newest, None
    elif mark.fence_xid is None:
        settled, fence = mark.settled_id, horizon.newest
    elif horizon.oldest_running >= mark.fence_xid:
        settled, fence = mark.fence_id or 0, horizon.newest
    else:
        return
    if fence == settled:
        fence = None
    if (settled, fence) == (mark.settled_id, mark.fence_id):
        return
    own = text("pg_current_xact_id()::text::bigint") if fence is not None else None
    session.execute(update(FeedMark).values(settled_id=settled, fence_id=fence, fence_xid=own))
    session.expire(mark)
