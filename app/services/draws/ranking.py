"""The first of the order, as `lottery.rule` has it, for millions."""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from app.services.draws.merkle_list import AT_ONCE, LEAF, Bytes, Progress, hmac_pads
from app.services.draws.parallel import cores
from lottery import rule
from lottery.rule import Place

_CHUNK = 50_000

_Job = tuple[bytes, bytes, int, int, frozenset[bytes]]


def first(
    seed: bytes,
    data: Bytes,
    most: int,
    *,
    gone: frozenset[bytes] = frozenset(),
    progress: Progress = lambda _done: None,
) -> list[Place]:
    """The `most` best places of the list, without those who are gone."""
    found: list[Place] = []
    with cores(len(data) // LEAF) as spread:
        for places in spread(_best, _jobs(seed, data, most, gone)):
            found = sorted(found + places)[:most]
            progress(_CHUNK)
    return found


def before(seed: bytes, data: bytes, place: tuple[bytes, bytes], *, gone: frozenset[bytes] = frozenset()) -> int:
    """How many come before this score and entry, without those who are gone."""
    entries = (data[start : start + 32] for start in range(0, len(data), LEAF))
    scores, _tickets = _scores(seed, data)
    return sum(there < place and there[1] not in gone for there in zip(scores, entries, strict=True))


def _jobs(seed: bytes, data: Bytes, most: int, gone: frozenset[bytes]) -> Iterator[_Job]:
    for start in range(0, len(data) // LEAF, _CHUNK):
        yield seed, bytes(data[start * LEAF : (start + _CHUNK) * LEAF]), start, most, gone


def _best(job: _Job) -> list[Place]:
    seed, data, start, most, gone = job
    scores, tickets = _scores(seed, data)
    first = (
        np.frombuffer(b"".join(scores), np.uint8).reshape(-1, 32)[:, :8].copy().view(">u8").ravel().astype(np.uint64)
    )
    # Eight bytes leave out nobody who belongs to the best; who they are is decided by all of them.
    enough = min(most + len(gone), len(first)) - 1
    near = np.flatnonzero(first <= np.partition(first, enough)[enough]).tolist()
    places = []
    for index in near:
        entry = data[index * LEAF : index * LEAF + 32]
        if entry not in gone:
            score, ticket = rule.score(seed, entry, tickets[index])
            places.append(Place(score, entry, ticket, start + index, tickets[index]))
    return sorted(places)[:most]


def _scores(seed: bytes, data: bytes) -> tuple[list[bytes], list[int]]:
    """The least ticket score of each entry, ticket by ticket; and how many tickets each has."""
    begun = hmac_pads(seed)
    tickets: list[int] = np.frombuffer(data, np.uint8).reshape(-1, LEAF)[:, 32:].copy().view(">u2").ravel().tolist()
    scores: list[bytes] = []
    for start in range(0, len(tickets), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        entries = [data[at * LEAF : at * LEAF + 32] for at in range(len(tickets))[part]]
        scores += _scores_of(entries, tickets[part], begun)
    return scores, tickets


def _scores_of(entries: list[bytes], tickets: list[int], begun: tuple[bytes, bytes]) -> list[bytes]:
    inner, outer = begun
    opened = [inner + entry for entry in entries]
    suffix = b"\0\0"
    scores = [sha256(outer + sha256(one + suffix).digest()).digest() for one in opened]
    more, number = list(range(len(tickets))), 1
    while more := [index for index in more if tickets[index] > number]:
        suffix = number.to_bytes(2, "big")
        for index in more:
            here = sha256(outer + sha256(opened[index] + suffix).digest()).digest()
            if here < scores[index]:
                scores[index] = here
        number += 1
    return scores
