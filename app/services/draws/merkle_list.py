"""From people to the list of a draw, its tree and its proofs: as `lottery.rule` has it, for millions.

Whoever wants to understand the rule reads `lottery/rule.py`; a test holds this to the same bytes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.services.draws.parallel import Spread, cores
from lottery import tree

LEAF = 34
BLOCK = 1_024  # leaves of one subtree: its root is kept, so that a proof needs no other leaves
_CHUNK = 48 * BLOCK  # people of one piece of work
AT_ONCE = 2_048  # people: what is made of so many stays in the processor's cache, and costs little more than half
_TICKETS = ">u2"
_INNER, _OUTER = b"\x36" * 64, b"\x5c" * 64  # of HMAC with SHA-256 (RFC 2104)
_KEY = 32

Progress = Callable[[int], object]
Bytes = bytes | memoryview


class Slices(Protocol):
    """Enough of the list to find one entry and prove it."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: slice, /) -> Bytes: ...


@dataclass(frozen=True)
class People:
    """Who is in a draw, by the number behind the pid's prefix, and with how many tickets."""

    prefix: str
    ids: NDArray[np.int64]
    tickets: NDArray[np.uint16]


@dataclass(frozen=True)
class Listed:
    """A list in reach: its bytes as published, and the roots of its subtrees."""

    data: Slices
    blocks: list[bytes]

    @property
    def entries(self) -> int:
        return len(self.data) // LEAF

    @property
    def root(self) -> bytes:
        return tree.top(self.blocks)

    def leaf(self, index: int) -> bytes:
        return bytes(self.data[index * LEAF : (index + 1) * LEAF])

    def find(self, entry: bytes) -> int | None:
        """Where this entry stands."""
        low, high = 0, self.entries
        while low < high:
            middle = (low + high) // 2
            if self.leaf(middle)[:_KEY] < entry:
                low = middle + 1
            else:
                high = middle
        return low if low < self.entries and self.leaf(low)[:_KEY] == entry else None

    def proofs(self, indices: list[int]) -> list[list[bytes]]:
        above = tree.levels(self.blocks)
        below = {block: tree.levels(self._block(block)) for block in {index // BLOCK for index in indices}}
        return [tree.path(below[index // BLOCK], index % BLOCK) + tree.path(above, index // BLOCK) for index in indices]

    def _block(self, block: int) -> list[bytes]:
        size = BLOCK * LEAF
        return [tree.leaf_hash(leaf) for leaf in split(self.data[block * size : (block + 1) * size])]


@dataclass(frozen=True)
class Leaves(Listed):
    """The whole list in memory."""

    data: Bytes

    @property
    def tickets(self) -> int:
        return int(_rows(self.data)[:, _KEY:].copy().view(_TICKETS).sum(dtype=np.int64))


def build(key: bytes, draw_id: str, people: People, progress: Progress = lambda _done: None) -> Leaves:
    """The whole list of these people; `progress` hears how many were worked on."""
    count = len(people.ids)
    records = np.empty((count, LEAF), np.uint8)
    with cores(count) as spread:
        done = 0
        for chunk in spread(_entries, _chunks(key, draw_id, people)):
            rows = _rows(chunk)
            records[done : done + len(rows)] = rows
            done += len(rows)
            progress(len(rows))
        data = in_order(records).reshape(-1).data
        del records
        return Leaves(data, blocks(data, spread))


def whose(
    key: bytes, draw_id: str, people: People, entries: set[bytes], progress: Progress = lambda _done: None
) -> dict[str, int]:
    """The ids behind some entries."""
    found: dict[str, int] = {}
    with cores(len(people.ids)) as spread:
        start = 0
        for chunk in spread(_entries, _chunks(key, draw_id, people)):
            for index, record in enumerate(split(chunk), start):
                if record[:_KEY] in entries:
                    found[record[:_KEY].hex()] = int(people.ids[index])
            start += len(chunk) // LEAF
            progress(len(chunk) // LEAF)
    return found


def from_bytes(data: Bytes, progress: Progress = lambda _done: None) -> Leaves:
    """A list that was built before."""
    with cores(len(data) // LEAF) as spread:
        return Leaves(data, blocks(data, spread, progress))


def add(leaves: Leaves, people: dict[bytes, int], progress: Progress = lambda _done: None) -> Leaves:
    """The list with these entries in it, each with at least so many tickets."""
    old = {entry: leaves.leaf(index) for entry in people if (index := leaves.find(entry)) is not None}
    new = {
        entry: entry + max(tickets, int.from_bytes(old.get(entry, b"")[_KEY:], "big")).to_bytes(2, "big")
        for entry, tickets in people.items()
    }
    kept = _rows(leaves.data)
    if old:
        kept = np.delete(kept, [leaves.find(entry) for entry in old], axis=0)  # type: ignore[arg-type]
    records = np.concatenate([kept, _rows(b"".join(new.values()))])
    return from_bytes(in_order(records).reshape(-1).data, progress)


def blocks(data: Bytes, spread: Spread, progress: Progress = lambda _done: None) -> list[bytes]:
    """The roots of the subtrees, from left to right."""
    size = _CHUNK * LEAF
    pieces = (bytes(data[start : start + size]) for start in range(0, len(data), size))
    found: list[bytes] = []
    for roots in spread(_roots, pieces):
        found += roots
        progress(len(roots) * BLOCK)
    return found


def in_order(records: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """By entry. Eight bytes decide nearly always; where they are equal, all of them do."""
    first = records[:, :8].copy().view(">u8").ravel().astype(np.uint64)
    order = np.argsort(first)
    first = first[order]
    for start in np.unique(first[1:][first[1:] == first[:-1]]):
        low, high = np.searchsorted(first, start), np.searchsorted(first, start, "right")
        order[low:high] = sorted(order[low:high].tolist(), key=lambda row: records[row].tobytes())
    del first
    return records[order]


def split(data: Bytes) -> list[bytes]:
    return [bytes(data[start : start + LEAF]) for start in range(0, len(data), LEAF)]


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """Both beginnings of an HMAC: sha256(outer + sha256(inner + text)). The library's own costs twice the time."""
    padded = np.frombuffer(key.ljust(64, b"\0"), np.uint8)
    return (padded ^ 0x36).tobytes(), (padded ^ 0x5C).tobytes()


def _chunks(key: bytes, draw_id: str, people: People) -> Iterator[tuple[bytes, str, People]]:
    for start in range(0, len(people.ids), _CHUNK):
        part = slice(start, start + _CHUNK)
        yield key, draw_id, People(people.prefix, people.ids[part], people.tickets[part])


def _entries(job: tuple[bytes, str, People]) -> bytes:
    """The records of some people, in their order: `rule.salt`, `rule.entry`, `rule.leaf`."""
    key, draw_id, people = job
    inner, outer = hmac_pads(key)
    begun = inner + f"xlot/1 salt\n{draw_id}\n{people.prefix}".encode("ascii"), outer
    text = f"xlot/1 entry\n{draw_id}\n{people.prefix}".encode("ascii")
    numbers = [b"%d" % number for number in people.ids.tolist()]
    parts = (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE))
    entries = b"".join([entry for part in parts for entry in _entries_of(part, begun, text)])
    records = np.empty((len(numbers), LEAF), np.uint8)
    records[:, :_KEY] = np.frombuffer(entries, np.uint8).reshape(-1, _KEY)
    records[:, _KEY:] = people.tickets.astype(_TICKETS).view(np.uint8).reshape(-1, 2)
    return records.tobytes()


def _entries_of(numbers: list[bytes], begun: tuple[bytes, bytes], text: bytes) -> list[bytes]:
    inner, outer = begun
    salts = b"".join([sha256(outer + sha256(inner + number).digest()).digest() for number in numbers])
    keys = np.frombuffer(salts, np.uint8).reshape(-1, _KEY)
    inners, outers = (_listed(keys ^ np.uint8(pad[0])) for pad in (_INNER, _OUTER))
    inner, outer = _INNER[_KEY:] + text, _OUTER[_KEY:]
    return [
        sha256(begun_outer + outer + sha256(begun_inner + inner + number).digest()).digest()
        for number, begun_inner, begun_outer in zip(numbers, inners, outers, strict=True)
    ]


def _listed(rows: NDArray[np.uint8]) -> list[bytes]:
    values: list[bytes] = rows.view(f"V{_KEY}").ravel().tolist()
    return values


def _roots(data: bytes) -> list[bytes]:
    size = BLOCK * LEAF
    return [_root(data[start : start + size]) for start in range(0, len(data), size)]


def _root(data: bytes) -> bytes:
    """`tree.root` of these leaves, without a call for each node."""
    level = [sha256(b"\0" + data[start : start + LEAF]).digest() for start in range(0, len(data), LEAF)]
    while len(level) > 1:
        pairs = b"".join(level)
        above = [sha256(b"\1" + pairs[start : start + 64]).digest() for start in range(0, len(pairs) - 63, 64)]
        level = [*above, level[-1]] if len(level) % 2 else above
    return level[0]


def _rows(data: Bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(-1, LEAF)
