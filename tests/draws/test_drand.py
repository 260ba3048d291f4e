"""The beacon drand quicknet: published rounds are genuine, everything else is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.services.draws import drand

DATA: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "drand.json").read_text("utf-8"))
ROUNDS = [beacon for beacon in DATA["beacons"] if beacon["chain"] == "quicknet"]


def test_the_key_is_the_published_one() -> None:
    assert DATA["chains"]["quicknet"]["public_key"] == drand.PUBLIC_KEY


@pytest.mark.parametrize("beacon", ROUNDS, ids=lambda beacon: str(beacon["round"]))
def test_a_published_round_is_genuine(beacon: dict[str, Any]) -> None:
    assert drand.randomness(beacon["round"], beacon["signature"]) == beacon["randomness"]
    assert drand.randomness(beacon["round"] + 1, beacon["signature"]) is None


@pytest.mark.parametrize("case", DATA["negative"], ids=lambda case: case["desc"])
def test_a_spoilt_round_is_not(case: dict[str, Any]) -> None:
    assert drand.randomness(case["round"], case["signature"]) is None


@pytest.mark.parametrize("other", [beacon for beacon in DATA["beacons"] if beacon["chain"] != "quicknet"])
def test_a_round_of_another_chain_is_not(other: dict[str, Any]) -> None:
    assert drand.randomness(other["round"], other["signature"]) is None


@pytest.mark.parametrize("signature", ["", "zz", "0" * 96, ROUNDS[0]["signature"].upper(), "é" * 96])
def test_what_is_no_signature_at_all_is_not(signature: str) -> None:
    assert drand.randomness(1, signature) is None


@pytest.mark.parametrize("issue", [0, -1, 2**64])
def test_a_round_that_cannot_be_is_not(issue: int) -> None:
    assert drand.randomness(issue, ROUNDS[0]["signature"]) is None
