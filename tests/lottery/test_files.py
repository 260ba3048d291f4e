"""What every interpreter has to read alike is bounded: how deep a file goes, how many digits a number has."""

import json
from pathlib import Path

import pytest

from lottery.files import DEEPEST, Malformed, read

FORM = {"a": 1}


@pytest.mark.parametrize(
    "inside",
    ["[" * DEEPEST + "]" * DEEPEST, '{"b":' * DEEPEST + "1" + "}" * DEEPEST, "1" * 21, "1.5", "NaN", '1,"a":1'],
)
def test_what_interpreters_differ_in_is_refused(inside: str, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(f'{{"a":{inside}}}', "utf-8")
    with pytest.raises(Malformed, match="readable JSON"):
        read(tmp_path / "file.json", FORM)


def test_as_deep_as_may_be_is_read(tmp_path: Path) -> None:
    deep: object = 1
    for _ in range(DEEPEST - 1):
        deep = [deep]
    (tmp_path / "file.json").write_text(json.dumps({"a": deep}), "utf-8")
    with pytest.raises(Malformed) as refused:
        read(tmp_path / "file.json", FORM)
    assert "readable" not in refused.value.expected
