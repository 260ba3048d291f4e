"""The rule of the draw, whole: who stands in the list as what, what decides, who comes first.

Text is ASCII, hexadecimal lower case, numbers are decimal without padding. `||` below is one after the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest
from itertools import pairwise

SCHEME = "xlot/1"


def key_commitment(key: bytes) -> bytes:
    """Published before the draw begins; the key itself (32 random bytes) is for the auditor only."""
    return sha256(b"xlot/1 key\n" + key).digest()


def salt(key: bytes, draw_id: str, pid: str) -> bytes:
    """Given to one person only: with it he proves which entry is his."""
    return digest(key, f"xlot/1 salt\n{draw_id}\n{pid}".encode("ascii"), "sha256")


def entry(salt: bytes, draw_id: str, pid: str) -> bytes:
    """The public name of a person in this draw; it says nothing about who he is."""
    return digest(salt, f"xlot/1 entry\n{draw_id}\n{pid}".encode("ascii"), "sha256")


def leaf(entry: bytes, tickets: int) -> bytes:
    """A record of the list: entry || tickets as two bytes, the greater first. The list is sorted by entry."""
    return entry + tickets.to_bytes(2, "big")


def receipt_text(draw_id: str, entry_hex: str, tickets: int, at: str) -> bytes:
    """What the operator signs (Ed25519) on a receipt."""
    return f"xlot/1 receipt\n{draw_id}\n{entry_hex}\n{tickets}\n{at}\n".encode("ascii")


@dataclass(frozen=True)
class Source:
    """A public number: who draws it, which of their draws, and what came out."""

    id: str
    issue: str
    value: str


def seed_text(
    draw_id: str,
    draw_round: int,
    entries: int,
    tickets: int,
    root_hex: str,
    announcement_sha256: str,
    sources: Iterable[Source],
) -> str:
    """All that the seed depends on: what was locked before, and the public numbers that came after."""
    lines = [f"{SCHEME} seed", draw_id, draw_round, entries, tickets, root_hex, announcement_sha256]
    lines += [f"{source.id} {source.issue} {source.value}" for source in sources]
    return "".join(f"{line}\n" for line in lines)


def seed(text: str) -> bytes:
    return sha256(text.encode("ascii")).digest()


def score(seed: bytes, entry: bytes, tickets: int) -> tuple[bytes, int]:
    """The least of a person's ticket scores and which ticket it was, counted from 0. The smaller, the better."""
    return min((digest(seed, entry + t.to_bytes(2, "big"), "sha256"), t) for t in range(tickets))


@dataclass(frozen=True, order=True)
class Place:
    """Where somebody stands in the order: by score, then by entry."""

    score: bytes
    entry: bytes
    ticket: int
    index: int
    tickets: int


def order(seed: bytes, leaves: Sequence[bytes], excluded: frozenset[bytes] = frozenset()) -> list[Place]:
    """Everybody in the list but the excluded, best score first; after the winners come the alternates."""
    places = []
    for index, record in enumerate(leaves):
        name, tickets = record[:32], int.from_bytes(record[32:], "big")
        if name not in excluded:
            best, ticket = score(seed, name, tickets)
            places.append(Place(best, name, ticket, index, tickets))
    return sorted(places)


def award(places: Sequence[Place], counts: Sequence[int]) -> list[Sequence[Place]]:
    """The winners of each tier: tier 1 takes the first of the order, tier 2 the next, until nobody is left."""
    ends = [sum(counts[:tier]) for tier in range(len(counts) + 1)]
    return [places[start:end] for start, end in pairwise(ends)]
