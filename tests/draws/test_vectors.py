"""The draws that verifiers in other languages are checked with get the verdict that is written beside them."""

import json
from pathlib import Path

from tests.draws import vectors
from tests.draws.test_second_verifier import both


def test_both_verifiers_say_what_stands_beside_each(tmp_path: Path) -> None:
    told = json.loads(vectors.PATH.read_text("utf-8"))
    wanted = {vectors.unpack(told, {}, tmp_path / "good"): ""}
    for number, spoilt in enumerate(told["spoilt"]):
        wanted[vectors.unpack(told, spoilt["changed"], tmp_path / str(number))] = spoilt["first_lie"]
    assert both(wanted) == list(wanted.values())
    assert len(wanted) > 60


def test_they_are_those_that_the_tests_spoil(tmp_path: Path) -> None:
    assert json.loads(vectors.PATH.read_text("utf-8")) == vectors.made(tmp_path)
