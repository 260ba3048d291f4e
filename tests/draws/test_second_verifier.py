"""The verifier in JavaScript, written from docs/lottery.md alone, says what the one in Python says."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from app.paths import ROOT
from lottery.verify import verify
from tests.draws import random_draws
from tests.draws.second_verifier import ask, base64, one, packed
from tests.draws.spoilt_draws import JSON, SPOILT, elsewhere
from tests.lottery.bundles import Bundle
from tests.lottery.test_rule import DRAW, LEAVES, TREES

SCRIPTS = sorted((ROOT / "app" / "static" / "draw-check").glob("*.js"))
HASHES = {  # NIST, FIPS 180 examples
    ("", 1): "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ("616263", 1): "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".hex(), 1): (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("61" * 1000, 1000): "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}
HMACS = {  # RFC 4231, cases 1, 2, 3, 6
    ("0b" * 20, b"Hi There"): "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?",
    ): "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ("aa" * 20, b"\xdd" * 50): "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ("aa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First"): (
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
}


def test_it_hashes_as_the_standards_say() -> None:
    assert ask({"ask": "hash", "data": data, "times": times} for data, times in HASHES) == list(HASHES.values())
    asked = ({"ask": "hmac", "key": key, "parts": [text[:5].hex(), text[5:].hex()]} for key, text in HMACS)
    assert ask(asked) == list(HMACS.values())


def test_the_whole_example_byte_for_byte() -> None:
    redraw, listed = DRAW["redraw"], base64(b"".join(LEAVES))
    told = {"commit": DRAW, "announcement": DRAW["announcement_sha256"], "draw": DRAW["draw_id"]}
    asked = {"ask": "order", "list": listed, "most": len(LEAVES)}
    root, text, again, first, second = ask(
        [
            {"ask": "root", "list": listed},
            {"ask": "seedText", **told, "round": 1, "sources": DRAW["sources"]},
            {"ask": "seedText", **told, "round": 2, "sources": redraw["sources"]},
            {**asked, "seed": DRAW["seed"], "gone": []},
            {**asked, "seed": redraw["seed"], "gone": redraw["excluded"]},
        ]
    )
    assert (root, text, again) == (DRAW["root"], DRAW["seed_text"], redraw["seed_text"])
    assert [place["entry"] for place in first] == DRAW["order"]
    assert [place["entry"] for place in second] == redraw["order"]
    by_entry = {leaf["entry"]: leaf for leaf in DRAW["leaves"]}
    for place in first:
        leaf = by_entry[place["entry"]]
        assert (place["score"], place["ticket"], place["index"]) == (leaf["score"], leaf["best_ticket"], leaf["index"])


def test_every_probe_of_a_proof_is_found_as_it_was_told() -> None:
    probes = TREES["inclusion_probes"]
    assert len(probes) == 98
    led = ask(
        {
            "ask": "walk",
            "leaf": probe["leaf_hash"],
            "index": probe["leaf_index"],
            "size": probe["tree_size"],
            "proof": probe["proof"] or [],
        }
        for probe in probes
    )
    for probe, root in zip(probes, led, strict=True):
        assert (root == probe["root"]) is probe["valid"], probe["file"]


def test_it_makes_every_check_the_other_makes_and_in_that_order(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path).whole()
    mine = [check.name for check in verify(bundle.folder)]
    assert [check["name"] for check in one("checks", files=packed(tmp_path))] == mine
    assert len(mine) > 80


@pytest.mark.slow("a thousand draws for two verifiers")
def test_both_find_a_thousand_random_draws_true(tmp_path: Path) -> None:
    dice = np.random.default_rng(4)
    for number in range(1000):
        random_draws.make(tmp_path / str(number), dice)
    said = both(tmp_path.iterdir())
    assert said == [""] * 1000
    ends = ("leaves-1.bin", "commit-2.json", "result-1.json", "result-2.json", "claims.json")
    assert all(50 < len(list(tmp_path.glob(f"*/{name}"))) < 1000 for name in ends)
    shutil.rmtree(tmp_path)  # thousands of small files


@pytest.mark.slow("thousands of spoilt draws for two verifiers")
def test_both_name_the_same_first_lie_whatever_was_done_to_the_files(tmp_path: Path) -> None:
    dice = np.random.default_rng(5)
    for number in range(1500):
        bundle = random_draws.make(tmp_path / str(number), dice)
        random_draws.spoil(bundle.folder, dice)
    said = both(tmp_path.iterdir())
    assert len(set(said)) > 100
    assert said.count("") < 300
    shutil.rmtree(tmp_path)


def test_both_name_the_same_first_lie_of_every_spoilt_draw(tmp_path: Path) -> None:
    whole = Bundle(tmp_path / "whole")
    whole.folder.mkdir()
    whole.whole()
    expected = {}
    for number, (spoil, lie) in enumerate([*SPOILT.values(), *elsewhere()]):
        folder = tmp_path / str(number)
        shutil.copytree(whole.folder, folder)
        spoil(Bundle(folder, whole.told, leaves=whole.leaves))
        expected[folder] = lie
    assert both(expected) == list(expected.values())
    assert len(expected) > 60


def test_both_read_json_equally_strictly(tmp_path: Path) -> None:
    whole = Bundle(tmp_path / "whole")
    whole.folder.mkdir()
    claims = (whole.whole().folder / "claims.json").read_bytes()
    lies = []
    for number, (old, new, lie) in enumerate(JSON):
        folder = tmp_path / str(number)
        shutil.copytree(whole.folder, folder)
        assert old in claims
        (folder / "claims.json").write_bytes(claims.replace(old, new, 1))
        lies.append("" if lie is None else f"claims.json{lie}: form")
    assert both(tmp_path / str(number) for number in range(len(JSON))) == lies


def test_what_cannot_be_read_ends_neither(tmp_path: Path) -> None:
    for name in ("announcement.json", "commit-1.json", "leaves-1.bin", "result-1.json", "claims.json", "result-2.json"):
        folder = tmp_path / name
        folder.mkdir()
        Bundle(folder).whole()
        (folder / name).unlink()
        (folder / name).mkdir()
    assert set(both(tmp_path.iterdir())) == {"files: can be read"}


def test_the_scripts_run_on_a_phone_of_2019() -> None:
    later = (
        r"\?\.[\w\[(]|\?\?|\|\|=|catch \{|BigInt|\d_\d|globalThis|#\w+ ?[=(;]"
        r"|\.(at|flat|matchAll|replaceAll|fromEntries|hasOwn)\("
    )
    assert len(SCRIPTS) >= 6
    for path in SCRIPTS:
        assert re.findall(later, path.read_text("utf-8")) == [], path.name


def both(folders: Iterable[Path]) -> list[str]:
    """The first lie of each, "" of a true one; both verifiers have said the same."""
    folders = list(folders)
    mine = [next((check.name for check in verify(folder) if not check.holds), "") for folder in folders]
    theirs = ask({"ask": "verify", "files": packed(folder)} for folder in folders)
    different = {str(folder): lies for folder, *lies in zip(folders, mine, theirs, strict=True) if lies[0] != lies[1]}
    assert different == {}
    return mine
