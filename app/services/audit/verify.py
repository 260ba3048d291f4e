"""Compares every row with what was sealed of it, and names the first that was changed, is missing or was put in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Event, FeedEntry, FeedMark, SealCheckpoint, SealedBatch, SealVerification
from app.services.audit import entries, seal
from ledger.notes import Checkpoint, Forged, Malformed, Note, VerifierKey
from lottery import tree

LATE = timedelta(hours=1)  # a transaction under way when something was sealed has ended by then

Progress = Callable[[int], object]
_Roots = dict[int, list[tuple[str, bytes]]]


@dataclass(frozen=True)
class Verdict:
    """How far it looked, and the first thing that does not hold: a code, what of, and what was expected and found."""

    first: int
    size: int
    root: str
    fault: str = ""
    where: str = ""

    @property
    def holds(self) -> bool:
        return not self.fault


class _Fault(Exception):
    def __init__(self, code: str, where: str) -> None:
        super().__init__(code, where)
        self.code, self.where = code, where


def verify(
    session: Session,
    *,
    whole: bool = False,
    keys: Sequence[VerifierKey] = (),
    kept: Sequence[Checkpoint] = (),
    progress: Progress = lambda _done: None,
) -> Verdict:
    """From where the last verification without a fault ended, or from the beginning; to the last sealed entry.

    `kept` are checkpoints that somebody has kept outside: with one of them a rewritten history is found, too.
    """
    last = seal.last_batch(session)
    size = last.last if last else 0
    first, peaks = (0, []) if whole or kept else _begin(session)
    try:
        roots = _roots(session, keys, kept, first)
        if beyond := next((one for one in roots if one > size), None):
            raise _Fault("cut_off", str(beyond))
        root = _walk(session, first, size, peaks, roots, progress)
        _check_rest(session, size)
    except _Fault as fault:
        return Verdict(first + 1, size, "", fault.code, fault.where)
    return Verdict(first + 1, size, root.hex())


def record(session: Session, verdict: Verdict, *, by: int | None, at: datetime) -> None:
    fault = f"{verdict.fault} {verdict.where}".strip()
    values = {"first": verdict.first, "size": verdict.size, "root": verdict.root, "fault": fault}
    session.add(SealVerification(**values, by_id=by, at=at))


def last_verification(session: Session) -> SealVerification | None:
    return session.scalars(select(SealVerification).order_by(SealVerification.id.desc()).limit(1)).first()


def _begin(session: Session) -> tuple[int, list[bytes]]:
    held = session.scalars(
        select(SealVerification).where(SealVerification.fault == "").order_by(SealVerification.id.desc()).limit(1)
    ).first()
    batch = session.scalars(select(SealedBatch).where(SealedBatch.last == held.size)).first() if held else None
    if held is None or batch is None or tree.folded(seal.split(batch.peaks)).hex() != held.root:
        return 0, []
    return held.size, seal.split(batch.peaks)


def _roots(session: Session, keys: Sequence[VerifierKey], kept: Sequence[Checkpoint], after: int) -> _Roots:
    """By size: what the tree over so many entries was known to be, by whose word."""
    found: _Roots = {}
    query = select(SealCheckpoint).where(SealCheckpoint.size >= after).order_by(SealCheckpoint.size)
    for row in session.scalars(query):
        _check_note(row, keys)
        found.setdefault(row.size, []).append(("checkpoint", bytes.fromhex(row.root)))
    for one in kept:
        found.setdefault(one.size, []).append(("kept", one.root))
    return dict(sorted(found.items()))


def _check_note(row: SealCheckpoint, keys: Sequence[VerifierKey]) -> None:
    """Signed by a key of ours, and about what the row says; a note of a key that was changed since is not judged."""
    if not row.note:
        return
    try:
        note = Note.read(row.note)
        if Checkpoint.read(note.text) != seal.checkpoint_of(row):
            raise _Fault("note_altered", str(row.size))
        note.signers(keys)
    except (Malformed, Forged):
        raise _Fault("note_forged", str(row.size)) from None


def _walk(session: Session, first: int, size: int, peaks: list[bytes], roots: _Roots, progress: Progress) -> bytes:
    at = first
    for batch in _batches(session, first):
        hashes = seal.split(batch.hashes)
        if batch.first != at + 1 or batch.last != at + len(hashes):
            raise _Fault("seal_altered", str(at + 1))
        _check_rows(session, batch, hashes)
        for cut in sorted({batch.last, *(one for one in roots if at < one <= batch.last)}):
            peaks = tree.extended(peaks, at, hashes[at + 1 - batch.first : cut + 1 - batch.first])
            at = cut
            _compare(tree.folded(peaks), at, roots.get(at, ()))
        if b"".join(peaks) != batch.peaks:
            raise _Fault("seal_altered", str(batch.first))
        progress(len(hashes))
    if at != size:
        raise _Fault("seal_altered", str(at + 1))
    return tree.folded(peaks)


def _check_rows(session: Session, batch: SealedBatch, hashes: Sequence[bytes]) -> None:
    """When a day's checkpoint was made all that was written down before was sealed: what comes later is of later."""
    before = SealCheckpoint.cause == "day", SealCheckpoint.size < batch.first
    previous = session.scalar(select(func.max(SealCheckpoint.at)).where(*before))
    read = entries.read(session, after=batch.first - 1, until=batch.last)
    for (seq, row), hashed in zip(read, hashes, strict=True):
        if row is None:
            raise _Fault("missing", str(seq))
        if tree.leaf_hash(entries.entry(row)) != hashed:
            raise _Fault("changed", f"{seq} (event {row.id})")
        if previous is not None and row.recorded_at < previous - LATE:
            raise _Fault("put_in", f"{seq} (event {row.id})")


def _compare(root: bytes, size: int, roots: Sequence[tuple[str, bytes]]) -> None:
    for whose, expected in roots:
        if root != expected:
            raise _Fault("rewritten" if whose == "kept" else "checkpoint_differs", str(size))


def _batches(session: Session, after: int) -> Iterator[SealedBatch]:
    while batch := session.scalars(
        select(SealedBatch).where(SealedBatch.first > after).order_by(SealedBatch.first).limit(1)
    ).first():
        session.expunge(batch)
        yield batch
        after = batch.first


def _check_rest(session: Session, size: int) -> None:
    """What waits to be sealed is there still; what has no number although all beside it have one was put in."""
    waiting = select(FeedEntry.seq).outerjoin(Event, Event.id == FeedEntry.event_id)
    gone = waiting.where(FeedEntry.seq > size, Event.id.is_(None)).order_by(FeedEntry.seq).limit(1)
    if (seq := session.scalar(gone)) is not None:
        raise _Fault("missing", str(seq))
    settled = session.scalar(select(FeedMark.settled_id)) or 0
    numbered = select(FeedEntry.seq).where(FeedEntry.event_id == Event.id)
    strange = select(Event.id).where(Event.id <= settled, ~numbered.exists()).order_by(Event.id).limit(1)
    if (event_id := session.scalar(strange)) is not None:
        raise _Fault("put_in", f"event {event_id}")
