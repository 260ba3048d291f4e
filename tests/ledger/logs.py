"""Logs made by hand: entries, tiles, and a checkpoint signed by a key of the tests."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from ledger import notes, tiles
from ledger.canonical import leaf

ORIGIN = "audit.example.com/history"
PRIVATE = bytes(range(32))


def events(count: int) -> list[bytes]:
    return [
        leaf(seq, {"kind": "rated", "ticket": 7 * seq, "at": "2026-01-05T09:00:00Z"}) for seq in range(1, count + 1)
    ]


def log(folder: Path, entries: Iterable[bytes], *, private: bytes = PRIVATE, origin: str = ORIGIN) -> Path:
    """A whole log; one that was there is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    size, root = tiles.write(folder, entries)
    note = notes.sign(notes.Checkpoint(origin, size, root).text, origin, private)
    (folder / tiles.CHECKPOINT).write_text(note, "utf-8")
    return folder


def key(private: bytes = PRIVATE, origin: str = ORIGIN) -> notes.VerifierKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return notes.VerifierKey(origin, Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())


def checkpoint(folder: Path) -> notes.Checkpoint:
    return notes.Checkpoint.read(notes.Note.read((folder / tiles.CHECKPOINT).read_text("utf-8")).text)


def change(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))
