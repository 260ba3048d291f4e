"""`python -m supervision clock|score|interval FILE`: one line for each, and what it says of what it cannot read."""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supervision import reading
from supervision.calendar import Calendar, Malformed
from tests.supervision.vectors import OFFICE, SCORES

Ran = Callable[..., tuple[int, list[dict[str, Any]], str]]
NINE_TO_FIVE = {"tz": "Asia/Tokyo", "week": {"mon": [["09:00", "17:00"]]}}
MONDAY = "2026-01-05T09:00:00"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ran:
    def run(command: str, content: object) -> tuple[int, list[dict[str, Any]], str]:
        path = tmp_path / "vectors.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        monkeypatch.setattr(sys, "argv", ["supervision", command, str(path)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("supervision", run_name="__main__")
        out, error = capsys.readouterr()
        return int(str(ended.value)), [json.loads(line) for line in out.splitlines()], error

    return run


def test_each_vector_is_answered_by_its_id(run: Ran) -> None:
    status, lines, error = run("score", {"vectors": SCORES[:3]})
    assert (status, error) == (0, "")
    assert lines == [{"id": case["id"], "got": case["expected"]} for case in SCORES[:3]]


def test_a_calendar_is_named_or_stands_inline(run: Ran) -> None:
    asked = {"op": "is_open", "start": MONDAY + "+09:00"}
    vectors = [{**asked, "calendar": name} for name in ("day", NINE_TO_FIVE, NINE_TO_FIVE, "night")]
    status, lines, error = run("clock", {"calendars": {"day": NINE_TO_FIVE}, "vectors": vectors})
    assert status == 1
    assert lines == [{"id": n, "got": got} for n, got in enumerate([True, True, True, None])]
    assert error == "3: no calendar is called night\n"


def test_an_interval_of_nobody_is_none(run: Ran) -> None:
    vectors = [
        {"id": "a", "x": 0, "n": 0},
        {"id": "b", "x": 0, "n": 5},
        {"id": "c", "x": 5, "n": 5},
        {"id": "d", "x": 6, "n": 5},
    ]
    status, lines, error = run("interval", {"vectors": vectors})
    assert status == 1
    assert lines[0] == {"id": "a", "got": None}
    assert (lines[1]["got"][0], lines[2]["got"][1], lines[3]["got"]) == (0.0, 1.0, None)
    assert error == "d: 6 of 5 is no rate\n"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"vectors": 1}', '{"vectors": [], "calendars": 1}', "[" * 100_000]
)
def test_a_file_that_cannot_be_read_is_wrong_use(run: Ran, content: str) -> None:
    status, lines, error = run("clock", content)
    assert (status, lines) == (2, [])
    assert "It cannot be read" in error


@pytest.mark.parametrize(
    "vector",
    [
        1,
        {},
        {"calendar": NINE_TO_FIVE, "op": "sometimes", "start": MONDAY + "Z"},
        {"calendar": NINE_TO_FIVE, "op": "is_open", "start": MONDAY},
        {"calendar": NINE_TO_FIVE, "op": "is_open", "start": 5},
        {"calendar": {"tz": "UTC", "week": []}, "op": "due", "start": MONDAY + "Z"},
        {"calendar": {"tz": "UTC", "closed": 1}, "op": "is_open", "start": MONDAY + "Z"},
        {"calendar": NINE_TO_FIVE, "op": "due", "start": MONDAY + "Z", "seconds": 10**20},
    ],
)
def test_a_vector_that_cannot_be_read_spoils_no_other(run: Ran, vector: object) -> None:
    good = {"id": "good", "calendar": NINE_TO_FIVE, "op": "is_open", "start": MONDAY + "Z"}
    status, lines, error = run("clock", {"vectors": [vector, good]})
    assert status == 1
    assert lines == [{"id": 0, "got": None}, {"id": "good", "got": False}]
    assert error.startswith("0: ")


class TestClock:
    """What the fields of a question may be, beside those of the vectors."""

    def ask(self, **fields: Any) -> object:
        return reading.clock({"start": "2026-01-05T09:00:00+08:00", **fields}, Calendar(OFFICE))

    def test_pauses_may_be_given_by_their_working_length(self) -> None:
        assert self.ask(op="due", seconds=3600, paused_seconds=1800) == "2026-01-05T10:30:00+08:00"
        assert self.ask(op="due_days", days=1, paused_seconds=1800) == "2026-01-06T09:30:00+08:00"
        assert self.ask(op="elapsed", end="2026-01-05T11:00:00+08:00", paused_seconds=1800) == 5400
        assert self.ask(op="elapsed", end="2026-01-05T09:10:00+08:00", paused_seconds=1800) == 0

    def test_where_they_are_listed_the_length_only_tells_of_them(self) -> None:
        pauses = [["2026-01-05T09:30:00+08:00", "2026-01-05T10:00:00+08:00"]]
        given = {"pauses": pauses, "paused_seconds": 1800}
        assert self.ask(op="due", seconds=3600, **given) == "2026-01-05T10:30:00+08:00"
        assert self.ask(op="elapsed", end="2026-01-05T11:00:00+08:00", **given) == 5400
        assert self.ask(op="paused_seconds", end="2026-01-05T11:00:00+08:00", **given) == 1800
        assert reading.clock({"op": "paused_seconds", "pauses": pauses}, Calendar(OFFICE)) == 1800

    def test_one_may_last(self) -> None:
        pauses = [["2026-01-05T09:30:00+08:00", None]]
        assert self.ask(op="due", seconds=3600, pauses=pauses) is None
        assert self.ask(op="elapsed", end="2026-01-05T11:00:00+08:00", pauses=pauses) == 1800

    def test_parts_of_a_second_are_rounded_once(self) -> None:
        assert self.ask(op="elapsed", end="2026-01-05T09:00:01.500000+08:00") == 2
        assert self.ask(op="due", seconds=0.5) == "2026-01-05T09:00:01+08:00"

    def test_what_is_asked_in_utc_is_answered_in_utc(self) -> None:
        assert self.ask(op="due", start="2026-01-05T01:00:00Z", seconds=3600) == "2026-01-05T02:00:00+00:00"


@pytest.mark.parametrize(
    "row",
    [
        {"type": "L", "target": [9, 10]},
        {"type": "L", "target": [9, 10], "floor": [9, 10]},
        {"type": "L", "target": [9, 0], "floor": [8, 10]},
        {"type": "L", "target": 0.9, "floor": [8, 10]},
        {"type": "Y", "per": 10},
        {"type": "D"},
        {"type": "D", "per": 10, "target": [9, 10]},
        {"type": "D", "per": 10, "target": [9, 10], "step": [0, 10]},
        {"type": "D", "per": 0.5},
        {"type": "X", "per": 10},
        {"type": "Y", "weight": -1},
        {"type": "Y", "weight": True},
        {"type": "Y", "weight": 1.5},
    ],
)
def test_a_rule_that_is_none_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        reading.indicator({"code": "A", "group": "A", "dimension": "A", "weight": 100, **row})


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Y", {"yes": 1}),
        ("Y", {"count": 1}),
        ("Y", {"num": 1, "den": 2}),
        ("D", {"yes": True}),
        ("D", {"num": 1, "den": 2}),
        ("D", {"count": -1}),
        ("L", {"yes": True}),
        ("L", {"count": 1}),
        ("L", {"num": 1}),
        ("L", {"num": 1.5, "den": 2}),
        ("L", {"num": 1, "den": 2, "prior": [1, 0]}),
        ("S", {"count": 1}),
    ],
)
def test_a_figure_of_another_kind_is_refused(kind: str, fields: dict[str, Any]) -> None:
    rules: dict[str, dict[str, Any]] = {
        "Y": {"type": "Y"},
        "D": {"type": "D", "per": 10},
        "S": {"type": "D", "per": 10, "target": [9, 10], "step": [1, 100]},
        "L": {"type": "L", "target": [9, 10], "floor": [8, 10], "small_sample": True},
    }
    row = {"code": "A", "group": "A", "dimension": "A", "weight": 100, **rules[kind]}
    with pytest.raises((Malformed, ValueError)):
        reading.sheet({"tree": [row], "figures": {"A": fields}})


@pytest.mark.parametrize(
    "changes",
    [
        {"figures": {"B": {"yes": True}}},
        {"tree": [{"code": "A", "group": "A", "dimension": "A", "weight": 100, "type": "Y"}] * 2},
        {"bonus": [-1]},
        {"settlement": {"mode": "bands", "bands": [], "base_fen": 1}},
        {"settlement": {"mode": "bands", "bands": [[0, "A", 101]], "base_fen": 1}},
        {"settlement": {"mode": "proportional", "full_at": 0, "base_fen": 1}},
        {"settlement": {"mode": "by hand", "base_fen": 1}},
        {"settlement": {"mode": "proportional", "full_at": 9000, "base_fen": 1.5}},
        {"settlement": {"mode": "proportional", "full_at": 9000, "base_fen": 1, "deductions": [{"fen": -1}]}},
    ],
)
def test_a_sheet_that_cannot_be_read_is_refused(changes: dict[str, Any]) -> None:
    row = {"code": "A", "group": "A", "dimension": "A", "weight": 100, "type": "Y"}
    with pytest.raises(Malformed):
        reading.sheet({"tree": [row], "figures": {"A": {"yes": True}}, **changes})
