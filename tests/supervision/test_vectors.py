"""Clocks, scores, intervals and roundings that others established, all equal, on a bare interpreter too."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.paths import ROOT
from supervision import reading
from supervision.calendar import Calendar
from supervision.samples import half_up, wilson
from tests.supervision.vectors import CHINA, CLOCKS, SAMPLES, SCORES

Fields = dict[str, Any]
OURS = [case for case in SAMPLES["intervals"] if case["confidence"] == 0.95 and not case["continuity_correction"]]
CONTROLS = [case for case in SAMPLES["intervals"] if case not in OURS]


def test_every_clock_of_other_projects() -> None:
    assert len(CLOCKS) == 239
    assert different(CLOCKS, lambda case: reading.clock(case, Calendar(case["calendar"]))) == []


def test_every_clock_over_the_days_off_of_china() -> None:
    calendars = {name: Calendar(fields) for name, fields in CHINA["calendars"].items()}
    assert len(CHINA["clock"]) == 19
    assert different(CHINA["clock"], lambda case: reading.clock(case, calendars[case["calendar"]])) == []


def test_the_days_off_and_the_swapped_work_days_of_china() -> None:
    office = Calendar(CHINA["calendars"]["cn_office"])
    assert len(CHINA["days"]) == 74
    for day in CHINA["days"]:
        assert bool(office.own(date.fromisoformat(day["date"]).toordinal())) is day["working"], day
    for count in CHINA["counts"]:
        assert sum(bool(office.own(day)) for day in _days(count["period"])) == count["working_days"], count


def test_working_days_are_added() -> None:
    office = Calendar(CHINA["calendars"]["cn_office"])
    for case in CHINA["add_working_days"]:
        day: int | None = date.fromisoformat(case["date"]).toordinal()
        for _ in range(case["working_days"]):
            assert day is not None
            day = office.next_working_day(day, 1)
        assert day == date.fromisoformat(case["expected"]).toordinal(), case


def test_every_score() -> None:
    assert len(SCORES) == 60
    assert different(SCORES, reading.sheet) == []


@pytest.mark.parametrize("case", OURS, ids=lambda case: f"{case['x']} of {case['n']}")
def test_an_interval_that_others_printed(case: Fields) -> None:
    found = reading.interval(case)
    assert found is not None
    for ours, key in zip(found, ("lower", "upper"), strict=True):
        assert ours == pytest.approx(float(case[f"exact_{key}"]), rel=1e-15, abs=1e-16)
        assert abs(ours - case[key]) < 10.0 ** -case["decimals"]


@pytest.mark.parametrize("case", CONTROLS, ids=lambda case: f"{case['x']} of {case['n']}")
def test_another_confidence_or_a_correction_gives_another_interval(case: Fields) -> None:
    found = wilson(case["x"], case["n"])
    assert found is not None
    assert found[1] != pytest.approx(case["upper"], abs=1e-4)


def test_halves_are_rounded_up_and_never_to_even() -> None:
    half_ups = SAMPLES["rounding"]["half_up"]["vectors"]
    for case in half_ups:
        step = Fraction(case["step"])
        assert half_up(Fraction(case["value"]) / step) * step == Fraction(case["expected"]), case
    even = SAMPLES["rounding"]["gb_t_8170"]["vectors"]
    for case in even:
        step = Fraction(case["step"])
        assert half_up(Fraction(case["value"]) / step) * step == Fraction(case["half_up"]), case
    assert any(case["half_up"] != case["half_even"] for case in even)


@pytest.mark.slow("three interpreters of their own, with every clock")
@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("clock", {"vectors": CLOCKS}, [case["expected"] for case in CLOCKS]),
        (
            "clock",
            {"calendars": CHINA["calendars"], "vectors": CHINA["clock"]},
            [case["expected"] for case in CHINA["clock"]],
        ),
        ("score", {"vectors": SCORES}, [case["expected"] for case in SCORES]),
        ("interval", {"vectors": [{"id": "none", "x": 0, "n": 0}]}, [None]),
    ],
    ids=["clock", "clock by name", "score", "interval"],
)
def test_the_command_runs_on_a_bare_interpreter(tmp_path: Path, name: str, file: Fields, expected: list[Any]) -> None:
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps(file), "utf-8")
    command = [sys.executable, "-S", "-E", "-m", "supervision", name, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    got = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in got] == [case.get("id", n) for n, case in enumerate(file["vectors"])]
    assert all(_same(line["got"], answer) for line, answer in zip(got, expected, strict=True))


def different(cases: list[Fields], answer: Callable[[Fields], object]) -> list[object]:
    answers = ((case, answer(case)) for case in cases)
    return [(case.get("id", case["start"]), got) for case, got in answers if not _same(got, case["expected"])]


def _same(got: object, expected: object) -> bool:
    if isinstance(got, str) and isinstance(expected, str):
        return datetime.fromisoformat(got) == datetime.fromisoformat(expected)
    return got == expected


def _days(period: str) -> list[int]:
    year = int(period[:4])
    if "Q" in period:
        first = 3 * int(period[5]) - 2
        months = range(first, first + 3)
    else:
        months = range(int(period[5:]), int(period[5:]) + 1) if period[5:] else range(1, 13)
    begin = date(year, months[0], 1)
    return [day for day in range(begin.toordinal(), begin.toordinal() + 366) if _within(day, year, months)]


def _within(day: int, year: int, months: range) -> bool:
    found = date.fromordinal(day)
    return found.year == year and found.month in months


def test_the_first_year_that_no_notice_knows() -> None:
    unknown = CHINA["unknown_years"]
    assert date.fromisoformat(unknown["first_unknown"]) - timedelta(days=1) == date(2026, 12, 31)
