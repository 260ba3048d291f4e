"""The list and the order for millions are those of `lottery.rule`, byte for byte; and the draw is fair."""

import time
from hashlib import sha256
from itertools import count, islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.draws import merkle_list, parallel, ranking
from app.services.draws.merkle_list import LEAF, Leaves, People
from lottery import rule, tree

KEY = sha256(b"a key of the tests").digest()
DRAW_ID = "h001-2026q4"
PREFIX = "h001:emp:"
TICKETS = st.dictionaries(st.integers(1, 2**40), st.integers(1, 5), max_size=60)


@settings(max_examples=150, deadline=None)
@given(TICKETS, st.binary(min_size=1, max_size=40), st.integers(1, 70))
def test_the_list_the_proofs_and_the_order_are_the_rules(tickets: dict[int, int], seed: bytes, most: int) -> None:
    by_rule, made = plain(tickets), built(tickets)
    digest = sha256(seed).digest()
    assert bytes(made.data) == b"".join(by_rule)
    assert (made.entries, made.tickets) == (len(tickets), sum(tickets.values()))
    assert made.root == tree.root(by_rule)
    assert made.proofs(list(range(len(by_rule)))) == [tree.proof(by_rule, index) for index in range(len(by_rule))]
    order = rule.order(digest, by_rule)
    assert ranking.first(digest, made.data, most) == order[:most]
    gone = frozenset(place.entry for place in order[::3])
    assert ranking.first(digest, made.data, most, gone=gone) == rule.order(digest, by_rule, gone)[:most]


@pytest.mark.parametrize(
    "size", [merkle_list.BLOCK - 1, merkle_list.BLOCK, merkle_list.BLOCK + 1, 3 * merkle_list.BLOCK + 7]
)
def test_subtrees_join_into_the_same_tree(size: int) -> None:
    tickets = {number: number % 3 + 1 for number in range(1, size + 1)}
    by_rule, made = plain(tickets), built(tickets)
    assert made.root == tree.root(by_rule)
    indices = [0, size // 2, size - 1]
    assert made.proofs(indices) == [tree.proof(by_rule, index) for index in indices]


def test_equal_beginnings_are_sorted_by_all_bytes() -> None:
    records = [b"same eight bytes" + bytes([n]) * 16 + b"\0\1" for n in (3, 1, 2)] + [b"\0" * LEAF, b"\xff" * LEAF]
    rows = np.frombuffer(b"".join(records), np.uint8).reshape(-1, LEAF)
    assert merkle_list.in_order(rows).tobytes() == b"".join(sorted(records))


def test_people_are_found_behind_their_entries() -> None:
    tickets = dict.fromkeys(range(1, 200), 1)
    wanted = {rule.entry(rule.salt(KEY, DRAW_ID, pid), DRAW_ID, pid) for pid in (f"{PREFIX}7", f"{PREFIX}70")}
    assert set(merkle_list.whose(KEY, DRAW_ID, people(tickets), wanted).values()) == {7, 70}


def test_an_entry_that_is_added_stands_in_its_place_with_the_greater_count() -> None:
    tickets = dict.fromkeys(range(1, 50), 2)
    more = {**tickets, 7: 3, 100: 1}
    added = {rule.entry(rule.salt(KEY, DRAW_ID, f"{PREFIX}{n}"), DRAW_ID, f"{PREFIX}{n}"): more[n] for n in (7, 100)}
    kept = {rule.entry(rule.salt(KEY, DRAW_ID, f"{PREFIX}8"), DRAW_ID, f"{PREFIX}8"): 1}
    grown = merkle_list.add(built(tickets), {**added, **kept})
    assert bytes(grown.data) == bytes(built(more).data)
    assert grown.root == built(more).root


@pytest.mark.slow("a list long enough for several processes")
def test_other_processes_make_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = {number: number % 4 + 1 for number in range(1, 60_000)}
    here = built(tickets)
    alone = ranking.first(KEY, here.data, 50)
    monkeypatch.setattr(parallel, "MANY", 1)
    there = built(tickets)
    assert (bytes(there.data), there.blocks) == (bytes(here.data), here.blocks)
    assert ranking.first(KEY, here.data, 50) == alone


def test_a_receipt_is_checked_in_less_than_a_millisecond() -> None:
    made = built(dict.fromkeys(range(1, 5_001), 3))
    index = 1234
    path, leaf, root = made.proofs([index])[0], made.leaf(index), made.root
    took = []
    for _ in range(50):
        began = time.process_time()
        pid = f"{PREFIX}{index}"
        rule.entry(rule.salt(KEY, DRAW_ID, pid), DRAW_ID, pid)
        assert tree.proves(path, tree.leaf_hash(leaf), index=index, size=5_000, root=root)
        rule.score(KEY, leaf[:32], 3)
        took.append(time.process_time() - began)
    assert min(took) < 0.001
    assert len(path) * 32 <= 768


@pytest.mark.slow("20,000 draws")
def test_over_20000_draws_everybody_wins_as_often_as_his_tickets_say() -> None:
    """Chi-square of the first prize over 20 people with 1 to 4 tickets: 19 degrees of freedom, 43.8 at one in a
    thousand. The seeds are fixed, so it is always the same answer."""
    draws, tickets = 20_000, {number: number % 4 + 1 for number in range(1, 21)}
    data = built(tickets).data
    owner = {bytes(data[start : start + 32]): start for start in range(0, len(data), LEAF)}
    won = dict.fromkeys(owner, 0)
    for seed in islice((sha256(b"draw %d" % n).digest() for n in count()), draws):
        won[ranking.first(seed, data, 1)[0].entry] += 1
    total = sum(tickets.values())
    expected = {
        entry: draws * int.from_bytes(data[start + 32 : start + 34], "big") / total for entry, start in owner.items()
    }
    assert sum((won[entry] - expected[entry]) ** 2 / expected[entry] for entry in won) < 43.8


@pytest.mark.slow("thousands of draws")
def test_the_place_in_the_list_has_no_influence() -> None:
    """The first prize by position in the list of 20 with one ticket each: as even as the tickets."""
    draws, won = 20_000, [0] * 20
    data = built(dict.fromkeys(range(1, 21), 1)).data
    for seed in islice((sha256(b"place %d" % n).digest() for n in count()), draws):
        won[ranking.first(seed, data, 1)[0].index] += 1
    assert sum((count - draws / 20) ** 2 / (draws / 20) for count in won) < 43.8
    turned = b"".join(merkle_list.split(data)[::-1])
    seed = sha256(b"any").digest()
    entries = [place.entry for place in ranking.first(seed, data, 20)]
    assert [place.entry for place in ranking.first(seed, turned, 20)] == entries


def built(tickets: dict[int, int]) -> Leaves:
    return merkle_list.build(KEY, DRAW_ID, people(tickets))


def people(tickets: dict[int, int]) -> People:
    return People(PREFIX, np.array(list(tickets), np.int64), np.array(list(tickets.values()), np.uint16))


def plain(tickets: dict[int, int]) -> list[bytes]:
    pids = {f"{PREFIX}{number}": count for number, count in tickets.items()}
    return sorted(
        rule.leaf(rule.entry(rule.salt(KEY, DRAW_ID, pid), DRAW_ID, pid), count) for pid, count in pids.items()
    )
