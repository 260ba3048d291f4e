"""Published proofs, good and spoilt, and proofs of every pair of small trees."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from lottery import tree

DATA = Path(__file__).parents[1] / "data"
PUBLISHED: dict[str, Any] = json.loads((DATA / "merkle.json").read_text("utf-8"))
PROBES = json.loads((DATA / "merkle-rfc6962.json").read_text("utf-8"))["inclusion_probes"]
LEAVES = [bytes([number]) * number for number in range(34)]
ASKED = [
    {"id": f"{kind} {number}", "kind": kind, **case}
    for kind in ("inclusion", "consistency")
    for number, case in enumerate(PUBLISHED[kind])
]
NOT_READ = [
    {},
    1,
    {**ASKED[0], "kind": "exclusion"},
    {**ASKED[0], "root": "no hexadecimal"},
    {**ASKED[0], "root": 5},
    {**ASKED[0], "proof": "00"},
    {**ASKED[0], "leaf_index": "0"},
    {**ASKED[0], "tree_size": 1.0},
    {**ASKED[-1], "size1": True},
    {key: value for key, value in ASKED[-1].items() if key != "root2"},
]


def test_every_published_proof_is_judged_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    probes = [{"kind": "inclusion", **probe} for probe in PROBES]
    assert (len(ASKED), len(probes)) == (98, 98)
    status, lines = _run(monkeypatch, capsys, tmp_path, [*ASKED, *probes])
    assert status == 0
    assert [line["id"] for line in lines] == [*(case["id"] for case in ASKED), *range(98, 196)]
    assert [line["got"] for line in lines] == [case["valid"] for case in [*ASKED, *probes]]


def test_what_cannot_be_read_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [line["got"] for line in _run(monkeypatch, capsys, tmp_path, NOT_READ)[1]] == [False] * len(NOT_READ)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"vectors": 1}'])
def test_a_file_that_cannot_be_read_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "vectors.json"
    path.write_text(content, "utf-8")
    monkeypatch.setattr(sys, "argv", ["ledger", "proofs", str(path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("ledger", run_name="__main__")
    assert ended.value.code == 2
    assert "It cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("newer", range(1, len(LEAVES)))
def test_a_tree_grew_from_each_smaller_one(newer: int) -> None:
    new_root = tree.root(LEAVES[:newer])
    for older in range(1, newer + 1):
        path, old_root = tree.consistency(LEAVES[:newer], older), tree.root(LEAVES[:older])
        sizes = {"older": older, "newer": newer}
        assert tree.grew(path, **sizes, old_root=old_root, new_root=new_root)
        assert not tree.grew(path, **sizes, old_root=new_root[::-1], new_root=new_root)
        assert not tree.grew([*path, new_root], **sizes, old_root=old_root, new_root=new_root)
        assert not tree.grew(path[1:] or [old_root], **sizes, old_root=old_root, new_root=new_root)
        for at, step in enumerate(path):
            spoilt = [*path[:at], bytes([step[0] ^ 1]) + step[1:], *path[at + 1 :]]
            assert not tree.grew(spoilt, **sizes, old_root=old_root, new_root=new_root)


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, vectors: list[Any]
) -> tuple[object, list[dict[str, Any]]]:
    path = folder / "vectors.json"
    path.write_text(json.dumps({"vectors": vectors}), "utf-8")
    monkeypatch.setattr(sys, "argv", ["ledger", "proofs", str(path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("ledger", run_name="__main__")
    return ended.value.code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]
