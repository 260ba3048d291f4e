"""Takes what the feed has numbered into the seal, in its order, and puts checkpoints over it.

It follows the feed like any other reader: whoever writes an event knows nothing of it. A batch is one transaction, so a
process that is killed has sealed it or has not. Started from zero it makes the same tree, for that does not depend on
how entries came together in batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Missing
from app.models import CountedRating, Event, FeedEntry, Rating, SealCheckpoint, SealedBatch
from app.services.audit import entries
from ledger.notes import Checkpoint, VerifierKey, sign
from lottery import tree

BATCH = 5_000
HASH = 32
# What somebody will want to prove had been written before anything that came later.
ACTS = frozenset({"sheet_frozen", "sheet_signed", "sheet_settled", "announced", "committed", "decided"})
A_WEEK, FEWEST = timedelta(days=7), 5  # people who rated


@dataclass(frozen=True)
class Signer:
    """The log's name, and the key its checkpoints are signed by; without a key they are kept and not signed."""

    origin: str
    private: bytes = field(default=b"", repr=False)

    @property
    def key(self) -> VerifierKey | None:
        """What everybody may know of it."""
        if not self.private:
            return None
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return VerifierKey(
            self.origin, Ed25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()
        )


def seal(session: Session, signer: Signer, *, at: datetime, most: int = BATCH) -> int:
    """Seal what has been numbered since, at most so many; how many. 0 also where another worker was quicker."""
    last = last_batch(session)
    size, peaks = (last.last, split(last.peaks)) if last else (0, [])
    upto = min(size + most, numbered(session))
    rows = [row for _seq, row in entries.read(session, after=size, until=upto)]
    if not rows or None in rows:
        return 0
    level = [tree.leaf_hash(entries.entry(row)) for row in rows if row is not None]
    peaks = tree.extended(peaks, size, level)
    values = {"last": upto, "hashes": b"".join(level), "peaks": b"".join(peaks), "at": at}
    if insert_first(session, SealedBatch, first=size + 1, **values) is None:
        return 0
    if any(row.kind in ACTS for row in rows if row is not None):
        _checkpoint(session, signer, upto, peaks, at=at)
    return len(level)


def waits(session: Session) -> bool:
    """Whether something has been numbered that is not sealed."""
    last = last_batch(session)
    return numbered(session) > (last.last if last else 0)


def wants_daily(session: Session, *, day: date) -> bool:
    """One a day, over all that is sealed: the first stands."""
    stands = session.scalar(select(SealCheckpoint.id).where(SealCheckpoint.day == day))
    return stands is None and last_batch(session) is not None


def daily(session: Session, signer: Signer, *, day: date, at: datetime) -> SealCheckpoint:
    """The day's checkpoint. Raises Missing where nothing is sealed."""
    last = last_batch(session)
    if last is None:
        raise Missing("not_sealed_yet")
    return _checkpoint(session, signer, last.last, split(last.peaks), day=day, at=at)


def _checkpoint(
    session: Session, signer: Signer, size: int, peaks: Sequence[bytes], *, at: datetime, day: date | None = None
) -> SealCheckpoint:
    root = tree.folded(peaks)
    made = SealCheckpoint(
        size=size,
        root=root.hex(),
        cause="day" if day else "act",
        day=day,
        published=day is not None and _publishes(session, size, day),
        origin=signer.origin,
        note=sign(Checkpoint(signer.origin, size, root).text, signer.origin, signer.private) if signer.private else "",
        at=at,
    )
    session.add(made)
    session.flush()
    return made


def _publishes(session: Session, size: int, day: date) -> bool:
    """Whether everybody may see this one (law 11).

    From one more entry a day, from a root that is another one than yesterday's, or from the very day on which enough
    had come, somebody who knows all the rest of the history would know that they were rated: so only every seventh day,
    and only if five more people have rated by then. Only what counts is counted: of what does not, the provider's own
    second phones write as much as they like. The auditor has every one.
    """
    first = session.scalar(select(func.min(SealCheckpoint.day)))
    if first is not None and (day - first) % A_WEEK != timedelta():
        return False
    last = session.scalar(select(func.max(SealCheckpoint.size)).where(SealCheckpoint.published)) or 0
    raters = select(func.count(Rating.identity_id.distinct())).select_from(FeedEntry)
    raters = raters.join(Event, Event.id == FeedEntry.event_id).join(Rating, Rating.id == Event.subject_id)
    raters = raters.join(CountedRating, CountedRating.rating_id == Rating.id)
    fresh = FeedEntry.seq > last, FeedEntry.seq <= size, Event.kind == "rated"
    return (session.scalar(raters.where(*fresh)) or 0) >= FEWEST


def numbered(session: Session) -> int:
    return session.scalar(select(func.max(FeedEntry.seq))) or 0


def last_batch(session: Session) -> SealedBatch | None:
    return session.scalars(select(SealedBatch).order_by(SealedBatch.first.desc()).limit(1)).first()


def split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]


def checkpoint_of(row: SealCheckpoint) -> Checkpoint:
    return Checkpoint(row.origin, row.size, bytes.fromhex(row.root))


def published(session: Session) -> list[SealCheckpoint]:
    """Those that everybody may see, the newest first."""
    query = select(SealCheckpoint).where(SealCheckpoint.published)
    return list(session.scalars(query.order_by(SealCheckpoint.id.desc())))


def last_checkpoint(session: Session) -> SealCheckpoint | None:
    return session.scalars(select(SealCheckpoint).order_by(SealCheckpoint.id.desc()).limit(1)).first()
