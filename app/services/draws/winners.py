"""The first of the order, as `lottery.rule` has it, for millions."""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from app.services.draws.leaves import LEAF, Bytes, Told, hmac_pads
from app.services.draws.pool import cores
from lottery.rule import Place

_CHUNK = 50_000
_MOST_TICKETS = 65_535
_NUMBERS = [number.to_bytes(2, "big") for number in range(_MOST_TICKETS)]

_Job = tuple[bytes, bytes, int, int, frozenset[bytes]]


def first(
    seed: bytes, data: Bytes, most: int, *, gone: frozenset[bytes] = frozenset(), tell: Told = lambda _done: None
) -> list[Place]:
    """The `most` best places of the list, without those who are gone."""
    found: list[Place] = []
    with cores(len(data) // LEAF) as spread:
        for places in spread(_best, _jobs(seed, data, most, gone)):
            found = sorted(found + places)[:most]
            tell(_CHUNK)
    return found


def _jobs(seed: bytes, data: Bytes, most: int, gone: frozenset[bytes]) -> Iterator[_Job]:
    for start in range(0, len(data) // LEAF, _CHUNK):
        yield seed, bytes(data[start * LEAF : (start + _CHUNK) * LEAF]), start, most, gone


def _best(job: _Job) -> list[Place]:
    seed, data, start, most, gone = job
    inner, outer = hmac_pads(seed)
    tickets = np.frombuffer(data, np.uint8).reshape(-1, LEAF)[:, 32:].copy().view(">u2").ravel().tolist()
    best: list[Place] = []
    worst = b"\xff" * 32
    for index, count in enumerate(tickets):
        entry = data[index * LEAF : index * LEAF + 32]
        begun = inner + entry
        score, ticket = b"\xff" * 33, 0
        for number, told in enumerate(_NUMBERS[:count]):
            here = sha256(outer + sha256(begun + told).digest()).digest()
            if here < score:
                score, ticket = here, number
        if score <= worst and entry not in gone:
            best.append(Place(score, entry, ticket, start + index, count))
            if len(best) > 2 * most:
                best = sorted(best)[:most]
                worst = best[-1].score
    return sorted(best)[:most]
