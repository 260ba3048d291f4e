"""The history for an auditor's own tools: a folder of C2SP tlog-tiles, or one ticket's entries with their proofs."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Event, FeedEntry, SealCheckpoint, SealedBatch, Ticket
from app.services import events
from app.services.audit import entries, seal
from app.services.audit.seal import Signer
from app.services.audit.verify import Progress
from app.services.events import About
from ledger import tiles
from ledger.notes import Checkpoint, sign
from lottery import tree


def write(session: Session, folder: Path, signer: Signer, progress: Progress = lambda _done: None) -> Checkpoint:
    """All that is sealed, as its rows stand now; the checkpoint last, so that a folder cut short has none.

    Raises Refused where the rows no longer give the tree that was sealed: `flask audit verify` names the first.
    """
    last = seal.last_batch(session)
    size = last.last if last else 0
    _size, root = tiles.write(folder, _entries(session, size, progress))
    sealed = tree.folded(seal.split(last.peaks) if last else [])
    made = Checkpoint(signer.origin, size, sealed)
    if signer.key is not None:
        (folder / tiles.KEY).write_text(f"{signer.key}\n", "utf-8")
    (folder / tiles.CHECKPOINT).write_text(_note(made, signer), "utf-8")
    if root != sealed:
        raise Refused("history_altered")
    return made


def record(session: Session, checkpoint: Checkpoint, *, by: int | None, at: datetime) -> None:
    """Who took the history away is part of it."""
    events.append(session, About(checkpoint.size), "history_exported", by=by, at=at, channel="cli", data={})


def of_ticket(session: Session, number: str, signer: Signer) -> dict[str, Any]:
    """Its entries in the form `python -m ledger proofs` reads, with the checkpoint they are proved against."""
    ticket_id = session.scalar(select(Ticket.id).where(Ticket.number == number))
    if ticket_id is None:
        raise Missing("no_such_ticket")
    of_it = select(FeedEntry.seq).join(Event, Event.id == FeedEntry.event_id).where(Event.ticket_id == ticket_id)
    return _proved(session, session.scalars(of_it.order_by(FeedEntry.seq)).all(), signer)


def of_entry(session: Session, seq: int, signer: Signer) -> dict[str, Any]:
    """One entry with its proof."""
    return _proved(session, [seq], signer)


def _proved(session: Session, seqs: Any, signer: Signer) -> dict[str, Any]:
    rows = session.execute(entries.query().where(FeedEntry.seq.in_(seqs))).all()
    hashes: list[bytes] = []
    for batch in session.scalars(select(SealedBatch.hashes).order_by(SealedBatch.first)):
        hashes += seal.split(batch)
    levels = tree.levels(hashes)
    checkpoint = Checkpoint(signer.origin, len(hashes), tree.top(hashes))
    proved = [row for row in rows if row.id is not None and row.seq <= len(hashes)]
    if not proved:
        raise Missing("not_sealed_yet")
    return {
        "checkpoint": _note(checkpoint, signer),
        "vectors": [
            {
                "id": f"seq-{row.seq}",
                "kind": "inclusion",
                "leaf_index": row.seq - 1,
                "tree_size": len(hashes),
                "leaf_hash": tree.leaf_hash(entries.entry(row)).hex(),
                "root": checkpoint.root.hex(),
                "proof": [step.hex() for step in tree.path(levels, row.seq - 1)],
                "entry": entries.entry(row).decode("utf-8"),
            }
            for row in proved
        ],
    }


def lines(session: Session) -> list[str]:
    """Every checkpoint there is, as it is printed and kept, the oldest first."""
    rows = session.scalars(select(SealCheckpoint).order_by(SealCheckpoint.id))
    return [seal.checkpoint_of(row).line for row in rows]


def _entries(session: Session, size: int, progress: Progress) -> Iterator[bytes]:
    for seq, row in entries.read(session, after=0, until=size):
        if seq % entries.CHUNK == 0:
            progress(entries.CHUNK)
        yield entries.entry(row) if row is not None else b"{}"


def _note(checkpoint: Checkpoint, signer: Signer) -> str:
    """Without a key it is a note that nobody signed; `python -m ledger verify` then says so."""
    if signer.private:
        return sign(checkpoint.text, signer.origin, signer.private)
    return f"{checkpoint.text}\n"
