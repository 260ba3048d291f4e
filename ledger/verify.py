"""Checks a log in a folder from its first entry to its checkpoint, and what somebody kept of it against it.

Every hash is computed anew from the entries; what does not hold is named by the first entry that shows it, as near as
what is at hand allows: the tiles and an older copy name the entry, two checkpoints the stretch between them.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger import tiles
from ledger.canonical import canonical
from ledger.notes import Checkpoint, Forged, Malformed, Note, VerifierKey
from lottery import tree
from lottery.checks import Check, lie, same, true

EACH = 65_536  # entries: how often it says how far it is

Progress = Callable[[int], object]


@dataclass(frozen=True)
class Older:
    """What was kept of the log: a checkpoint, and the tiles of an older copy where there is one."""

    name: str
    checkpoint: Checkpoint
    note: Note | None = None
    folder: Path | None = None


@dataclass
class _Log:
    folder: Path
    olders: Sequence[Older]
    progress: Progress
    checkpoint: Checkpoint = field(init=False)
    roots: list[bytes] = field(default_factory=list)
    """Of each 256 entries; the last may be fewer."""
    old_roots: dict[int, bytes] = field(default_factory=dict)
    numbered: bool = True


def verify(
    folder: Path, *, key: VerifierKey | None, olders: Sequence[Older] = (), progress: Progress = lambda _: None
) -> list[Check]:
    """All checks up to the first lie. Without a key no signature is judged. Raises NoCryptography."""
    found = []
    log = _Log(folder, sorted(olders, key=lambda older: older.checkpoint.size), progress)
    try:
        for check in _checks(log, key):
            found.append(check)
            if not check.holds:
                break
    except tiles.Broken as error:
        found.append(lie(f"{error.name}: form", "a whole file of the log", error.why))
    return found


def older(source: str) -> list[Older]:
    """From a folder with an older copy, a file with a checkpoint or lines of them, or one line. Raises Malformed."""
    path = Path(source)
    if path.is_dir():
        note = Note.read(_text(path / tiles.CHECKPOINT))
        return [Older(source, Checkpoint.read(note.text), note, path)]
    text = _text(path) if path.is_file() else source
    if "\n\n" in text:
        note = Note.read(text)
        return [Older(source, Checkpoint.read(note.text), note)]
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise Malformed(f"{source} holds no checkpoint")
    return [Older(line, Checkpoint.from_line(line)) for line in lines]


def _checks(log: _Log, key: VerifierKey | None) -> Iterator[Check]:
    try:
        note = Note.read(_text(log.folder / tiles.CHECKPOINT))
        log.checkpoint = Checkpoint.read(note.text)
    except (Malformed, OSError) as error:
        raise tiles.Broken(tiles.CHECKPOINT, str(error)) from None
    yield true("checkpoint: form", found=True)
    if key is not None:
        yield same("checkpoint: origin", key.name, log.checkpoint.origin)
        yield _signed("checkpoint", note, key)
    for one in log.olders:
        yield from _check_older(log, one, key)
    yield from _check_entries(log)
    yield from _check_tiles(log)
    yield from _check_roots(log)


def _check_older(log: _Log, one: Older, key: VerifierKey | None) -> Iterator[Check]:
    yield same(f"since {one.name}: origin", one.checkpoint.origin, log.checkpoint.origin)
    if one.note is not None and key is not None:
        yield _signed(f"since {one.name}", one.note, key)
    enough = log.checkpoint.size >= one.checkpoint.size
    yield Check(f"since {one.name}: size", f"at least {one.checkpoint.size}", str(log.checkpoint.size), enough)


def _signed(name: str, note: Note, key: VerifierKey) -> Check:
    try:
        signers = note.signers([key])
    except Forged:
        return lie(f"{name}: signature", f"of {key.name}", "forged")
    return Check(f"{name}: signature", f"of {key.name}", " ".join(signers) or "none", bool(signers))


def _check_entries(log: _Log) -> Iterator[Check]:
    """Against the tiles of their hashes, the older copies and their own form; one check for all that hold."""
    size = log.checkpoint.size
    for number, width in tiles.tiles(size):
        name = tiles.tile_path("entries", number, width)
        bundle = tiles.entries(tiles.read_tile(log.folder, "entries", number, width), width, name)
        level = [tree.leaf_hash(data) for data in bundle]
        first = number * tiles.WIDTH
        for one in log.olders:
            yield from _as_it_was(one, number, level)
        tile = tiles.read_tile(log.folder, 0, number, width)
        yield from _differing("entry", first, tiles.hashes(tile, width, tiles.tile_path(0, number, width)), level)
        yield from _check_form(log, first, bundle)
        for one in log.olders:
            if first < one.checkpoint.size <= first + width:
                partial = tree.top(level[: one.checkpoint.size - first])
                log.old_roots[one.checkpoint.size] = tree.top([*log.roots, partial])
        log.roots.append(tree.top(level))
        if (first + width) % EACH == 0:
            log.progress(first + width)
    yield same("entries", size, size)


def _as_it_was(one: Older, number: int, level: Sequence[bytes]) -> Iterator[Check]:
    first = number * tiles.WIDTH
    width = min(tiles.WIDTH, one.checkpoint.size - first)
    if one.folder is None or width <= 0:
        return
    try:
        kept = tiles.hashes(tiles.read_tile(one.folder, 0, number, width), width, tiles.tile_path(0, number, width))
    except tiles.Broken as error:
        yield lie(f"since {one.name}: {error.name}", "a whole file of the older copy", error.why)
    else:
        yield from _differing(f"since {one.name}: entry", first, kept, level[:width])


def _differing(name: str, first: int, expected: Sequence[bytes], found: Sequence[bytes]) -> Iterator[Check]:
    if expected != found:
        at = next(at for at, (one, other) in enumerate(zip(expected, found, strict=True)) if one != other)
        yield lie(f"{name} {first + at + 1}", expected[at].hex(), found[at].hex())


def _check_form(log: _Log, first: int, bundle: Sequence[bytes]) -> Iterator[Check]:
    """Canonical JSON, numbered without a gap. Where no entry is numbered the log is not ours: then its hashes count."""
    for number, data in enumerate(bundle, first + 1):
        if not log.numbered:
            if b'"seq":' in data:
                yield lie(f"entry {number}: seq", "none, as the first", data[:100].decode("utf-8", "replace"))
            continue
        entry = _json(data)
        seq = entry.get("seq") if isinstance(entry, dict) else None
        if seq is None and number == 1:
            log.numbered = False
            yield true("entries carry no numbers: only their hashes are judged", found=True)
        elif seq is None:
            yield lie(f"entry {number}: form", "canonical JSON with a number", data[:100].decode("utf-8", "replace"))
        elif seq != number:
            yield lie(f"entry {number}: seq", str(number), str(seq))


def _json(data: bytes) -> Any:
    """None where it is not written in the one way."""
    try:
        value = json.loads(data)
        return value if canonical(value) == data else None
    except (ValueError, RecursionError):
        return None


def _check_tiles(log: _Log) -> Iterator[Check]:
    level, height = log.roots[: log.checkpoint.size // tiles.WIDTH], 1
    while level:
        for number, width in tiles.tiles(len(level)):
            name = tiles.tile_path(height, number, width)
            kept = tiles.hashes(tiles.read_tile(log.folder, height, number, width), width, name)
            if kept != level[number * tiles.WIDTH : number * tiles.WIDTH + width]:
                yield lie(name, "the roots of the tiles below", "others")
        level, height = tiles.above(level), height + 1
    yield true("tiles", found=True)


def _check_roots(log: _Log) -> Iterator[Check]:
    held = 0
    for one in log.olders:
        size = one.checkpoint.size
        root = log.old_roots.get(size, tree.top([]))
        stretch = f"since {one.name}: entries {held + 1} to {size}"
        yield same(stretch, one.checkpoint.root.hex(), root.hex())
        held = size
    yield same("checkpoint: root", log.checkpoint.root.hex(), tree.top(log.roots).hex())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f"{path.name} is no text") from None
