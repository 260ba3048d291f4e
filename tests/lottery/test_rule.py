"""The rule, byte for byte, against a draw worked through by others, and trees and proofs nobody here made."""

import json
from pathlib import Path
from typing import Any

import pytest

from lottery import rule, tree

DATA = Path(__file__).parents[1] / "data"
DRAW: dict[str, Any] = json.loads((DATA / "xlot1.json").read_text("utf-8"))
TREES: dict[str, Any] = json.loads((DATA / "merkle-rfc6962.json").read_text("utf-8"))
KEY = bytes.fromhex(DRAW["campaign_key"])
SOURCES = [rule.Source(**source) for source in DRAW["sources"]]
LEAVES = [bytes.fromhex(leaf["leaf_data"]) for leaf in DRAW["leaves"]]


def test_the_key_is_committed_to() -> None:
    assert rule.key_commitment(KEY).hex() == DRAW["key_commitment"]


@pytest.mark.parametrize("leaf", DRAW["leaves"], ids=lambda leaf: leaf["pid"])
def test_a_person_becomes_an_entry_a_leaf_and_a_score(leaf: dict[str, Any]) -> None:
    salt = rule.salt(KEY, DRAW["draw_id"], leaf["pid"])
    entry = rule.entry(salt, DRAW["draw_id"], leaf["pid"])
    data = rule.leaf(entry, leaf["tickets"])
    assert (salt.hex(), entry.hex(), data.hex()) == (leaf["salt"], leaf["entry"], leaf["leaf_data"])
    assert tree.leaf_hash(data).hex() == leaf["leaf_hash"]
    assert [step.hex() for step in tree.proof(LEAVES, leaf["index"])] == leaf["proof"]
    seed = bytes.fromhex(DRAW["seed"])
    scores = [rule.score(seed, entry, tickets)[0].hex() for tickets in range(1, leaf["tickets"] + 1)]
    assert scores == [min(leaf["ticket_scores"][: t + 1]) for t in range(leaf["tickets"])]
    assert rule.score(seed, entry, leaf["tickets"]) == (bytes.fromhex(leaf["score"]), leaf["best_ticket"])


def test_the_seed_hangs_on_the_list_the_announcement_and_the_numbers() -> None:
    text = seed_text(SOURCES)
    assert tree.root(LEAVES).hex() == DRAW["root"]
    assert text == DRAW["seed_text"]
    assert rule.seed(text).hex() == DRAW["seed"]


def test_the_order_the_tiers_and_their_cut_offs() -> None:
    places = rule.order(bytes.fromhex(DRAW["seed"]), LEAVES)
    assert [place.entry.hex() for place in places] == DRAW["order"]
    awarded = rule.award(places, [len(tier["winners"]) for tier in DRAW["tiers"]])
    for winners, tier in zip(awarded, DRAW["tiers"], strict=True):
        assert [place.entry.hex() for place in winners] == tier["winners"]
        assert winners[-1].score.hex() == tier["cutoff"]


def test_the_order_does_not_hang_on_the_order_of_the_list() -> None:
    seed = bytes.fromhex(DRAW["seed"])
    assert [place.entry for place in rule.order(seed, LEAVES)] == [
        place.entry for place in rule.order(seed, LEAVES[::-1])
    ]


def test_when_people_run_out_tiers_are_filled_in_order() -> None:
    places = rule.order(bytes.fromhex(DRAW["seed"]), LEAVES[:3])
    assert [len(winners) for winners in rule.award(places, [2, 2, 5])] == [2, 1, 0]


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_a_tree_of_each_size(size: int) -> None:
    leaves = [bytes.fromhex(data) for data in TREES["leaf_inputs_hex"][:size]]
    assert tree.root(leaves).hex() == TREES["roots_by_size"][size]


@pytest.mark.parametrize("case", TREES["inclusion_proofs"])
def test_a_proof_of_every_leaf(case: dict[str, Any]) -> None:
    leaves = [bytes.fromhex(data) for data in TREES["leaf_inputs_hex"][: case["tree_size"]]]
    path = tree.proof(leaves, case["leaf_index"])
    assert [step.hex() for step in path] == case["proof"]
    assert tree.proves(
        path,
        tree.leaf_hash(leaves[case["leaf_index"]]),
        index=case["leaf_index"],
        size=len(leaves),
        root=tree.root(leaves),
    )


@pytest.mark.parametrize("probe", TREES["inclusion_probes"], ids=lambda probe: probe["file"].removeprefix("testdata/"))
def test_a_probe_of_a_proof(probe: dict[str, Any]) -> None:
    found = tree.proves(
        [bytes.fromhex(step) for step in probe["proof"] or []],
        bytes.fromhex(probe["leaf_hash"]),
        index=probe["leaf_index"],
        size=probe["tree_size"],
        root=bytes.fromhex(probe["root"]),
    )
    assert found is probe["valid"]


@pytest.mark.parametrize("case", DRAW["negative_proofs"], ids=lambda case: case["desc"])
def test_a_proof_that_proves_something_else(case: dict[str, Any]) -> None:
    path = [bytes.fromhex(step) for step in DRAW["leaves"][0]["proof"]]
    truncated = path[:-1] if case["desc"] == "proof truncated" else path
    root, leaf = bytes.fromhex(DRAW["root"]), bytes.fromhex(case["leaf_hash"])
    assert not tree.proves(truncated, leaf, index=case["index"], size=DRAW["entries"], root=root)
    assert tree.proves(path, tree.leaf_hash(LEAVES[0]), index=0, size=DRAW["entries"], root=root)


def test_round_two_has_a_seed_of_its_own_and_passes_over_who_has_won() -> None:
    redraw = DRAW["redraw"]
    text = seed_text([rule.Source(**source) for source in redraw["sources"]], draw_round=2)
    assert (text, rule.seed(text).hex()) == (redraw["seed_text"], redraw["seed"])
    gone = frozenset(map(bytes.fromhex, redraw["excluded"]))
    assert [place.entry.hex() for place in rule.order(rule.seed(text), LEAVES, gone)] == redraw["order"]


def test_numbers_written_in_another_way_are_another_draw() -> None:
    first = SOURCES[0]
    unpadded = rule.Source(first.id, first.issue, first.value.replace(" 0", " ").removeprefix("0"))
    variants = {
        "no zero padding": [unpadded, SOURCES[1]],
        "sources swapped": SOURCES[::-1],
        "only the second source": SOURCES[1:],
    }
    expected = {case["desc"]: case for case in DRAW["seed_variants_that_must_differ"]}
    for said, sources in variants.items():
        seed = rule.seed(seed_text(sources))
        assert seed.hex() == expected[said]["seed"]
        assert rule.order(seed, LEAVES)[0].entry.hex() == expected[said]["first"]
    assert DRAW["seed"] not in {case["seed"] for case in expected.values()}


def test_a_receipt_is_signed_over_these_bytes() -> None:
    text = rule.receipt_text("h001-2026q4", "ab", 3, "2026-12-01T08:00:00+08:00")
    assert text == b"xlot/1 receipt\nh001-2026q4\nab\n3\n2026-12-01T08:00:00+08:00\n"


def seed_text(sources: list[rule.Source], draw_round: int = 1) -> str:
    return rule.seed_text(
        DRAW["draw_id"],
        draw_round,
        DRAW["entries"],
        DRAW["tickets"],
        DRAW["root"],
        DRAW["announcement_sha256"],
        sources,
    )
