"""The files a hospital edits: one mistake stops the start or the command and is one sentence."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.demo import hospital_file
from app.paths import ROOT
from app.services.imports.ticket_log import profile
from config import holidays, notices, sla, touchpoints
from config.files import BadFile
from tests.architecture.test_settings import NAMED

TOUCHPOINTS = ROOT / "config" / "touchpoints.toml"
SLA = ROOT / "config" / "sla.toml"
HOLIDAYS = ROOT / "config" / "holidays.toml"
PROFILE = profile.FOLDER / "servicenow.toml"
HOSPITAL = Path(hospital_file.__file__).with_name("hospital.toml")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[qualities]", "[quality]", ": quality is not known; expected qualities, reasons, touchpoints"),
        ("[reasons.middle]", "[reasons.so_so]", "[reasons]: so_so is not known; expected bad, good, middle"),
        ('en = "Speed"', 'eng = "Speed"', "[qualities.speed]: eng is not known; expected en, zh"),
        (', en = "Speed"', "", "[qualities.speed] en: expected a text"),
        ('zh = "速度"', "zh = 1", "[qualities.speed] zh: expected a text"),
        ('zh = "速度"', 'zh = " "', "[qualities.speed] zh: expected a text"),
        ('"Skill" }', '"Skill", target = "rule" }', "[qualities.skill]: target is not known; expected en, zh"),
        ('target = "rule"', 'target = "house"', "[reasons.middle.rule] target: expected one of person, rule, system"),
        ("speed = {", '"Speed!" = {', "[qualities] Speed!: expected a code of at most 32 small letters, digits and _"),
        ("speed = {", "speed = 3 #", "[qualities] speed: expected a table"),
    ],
)
def test_a_mistake_in_what_the_thanks_page_asks_is_one_sentence(
    old: str, new: str, sentence: str, edited: Callable[[Path, str, str], Path]
) -> None:
    assert refusal(touchpoints.read_touchpoints, edited(TOUCHPOINTS, old, new)) == joined("touchpoints.toml", sentence)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[columns]", "[column]", ": column is not known; expected columns, dates, missing, names, required, values"),
        ('number = "number"', "", "columns: expected a column of the file for number, at, state at least"),
        ("lead = ", "chief = ", "[columns] chief: expected one of number, at, state, order, "),
        ('required = ["order"]', 'required = ["odrer"]', "required: expected one of number, at, state, order, "),
        ('order = "sys_mod_count"', "", "[columns] order: expected a column of the file, for it is required"),
        ('"Closed" = "closed"', '"Closed" = "shut"', "[values.state] Closed: expected one of reported, dispatched, "),
        ('"1 - Critical" = 1', '"1 - Critical" = true', "[values.priority] 1 - Critical: expected one of 1, 2, 3, 4"),
        (
            "[values.source]",
            "[values.sources]",
            "[values]: sources is not known; expected pause, priority, source, state",
        ),
        ('"iso"]', '"%Q"]', "[dates] forms: expected iso, or made of %Y %m %d %H %M %S, not %Q"),
        ("[dates]", '[dates]\nzone = "China"', "[dates] zone: expected a time zone such as Asia/Shanghai"),
        ('create = ["people"', 'create = ["persons"', "[names] create: expected one of people, teams, "),
        ('prefix = "servicenow"', "", "[names] prefix: expected a word for people who are created"),
        ("missing = ", "missing : ", ": expected TOML; Expected '=' after a key in a key/value pair (at line 8"),
    ],
)
def test_a_mistake_in_a_profile_is_one_sentence(
    old: str, new: str, sentence: str, edited: Callable[[Path, str, str], Path]
) -> None:
    folder = edited(PROFILE, old, new).parent
    with pytest.raises(profile.BadProfile) as refused:
        profile.load("servicenow", folder)
    said = str(dict(refused.value.facts)["reason"])
    assert said.startswith(joined("servicenow.toml", sentence))
    assert "\n" not in said


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'solution = "2h"',
            'solution = "2 hours"',
            '[versions.0.limits.0] solution: expected a limit as "30m", ',
        ),
        ('"14:00-17:30"', '"14-17"', "[calendars.office] mon: expected hours"),
        ("since = 2000-01-01", 'since = "2000-01-01"', "[versions.0] since: expected a date as 2026-10-01"),
        (
            'calendar = "office"',
            'calendar = "ofice"',
            "version default-1 calendar: expected one of always, ",
        ),
        ('departments = ["clinical"]', 'departments = ["wards"]', "version default-1 departments: expected types of "),
        (
            'calendar = "office"',
            'calendar = "office"\npriorities = [3]',
            "version default-1 limits: expected ",
        ),
        (
            "[[versions]]",
            '[[versions]]\nname = "a"\nsince = 2001-01-01\nlimits = []\n[[versions]]',
            "versions: expected one",
        ),
    ],
)
def test_a_mistake_in_the_service_levels_is_one_sentence(
    old: str, new: str, sentence: str, edited: Callable[[Path, str, str], Path]
) -> None:
    assert refusal(sla.read_service_levels, edited(SLA, old, new)).startswith(joined("sla.toml", sentence))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[years.2024]", "[years.24]", "[years] 24: expected a year as 2026"),
        ("2024-01-01,", '"2024-01-01",', "[years.2024] off: expected a date as 2026-10-01"),
        ("2024-01-01,", "2023-01-01,", "[years.2024]: expected days of that year, not 2023-01-01"),
        ("2024-02-04,", "2024-02-10,", "[years.2024]: expected 2024-02-10 in off or in work, not in both"),
    ],
)
def test_a_mistake_in_the_days_off_is_one_sentence(
    old: str, new: str, sentence: str, edited: Callable[[Path, str, str], Path]
) -> None:
    assert refusal(holidays.read_holidays, edited(HOLIDAYS, old, new)).startswith(joined("holidays.toml", sentence))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("remote = 0.7\n", "remote = 70\n", "[services.his] remote: expected a share from 0.0 to 1.0"),
        ('group = "app"', 'group = "apps"', "[services.his] group: expected one of app, device, net, account, room"),
        ("\n5 = [", "\n6 = [", "comments: expected a list of texts for each level from 1 to 5"),
        ("\n5 = [", "\n5 = [7, ", "[comments] 5: expected a list of texts"),
        (
            "calls = 14",
            "cals = 14",
            "[services.his]: cals is not known; expected calls, faults, group, name, remote, team",
        ),
    ],
)
def test_a_mistake_in_the_demos_hospital_is_one_sentence(
    old: str, new: str, sentence: str, edited: Callable[[Path, str, str], Path]
) -> None:
    assert refusal(hospital_file.read_hospital, edited(HOSPITAL, old, new)) == joined("hospital.toml", sentence)


def test_several_mistakes_are_told_at_once() -> None:
    text = Path(notices.__file__).with_name("notices.toml").read_text("utf-8")
    text = text.replace("urgent = true", "urgnet = true", 1).replace('word = "催单"', "word = 5")
    said = refusal(notices.read_kinds, text)
    assert len(said.splitlines()) == 2
    assert "[dispatched]: urgnet is not known" in said
    assert "[urged] word: expected a text with no values" in said


@pytest.mark.slow("a process of its own")
def test_a_mistake_stops_the_start(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    file = tmp_path / "config" / "touchpoints.toml"
    file.write_text(file.read_text("utf-8").replace('en = "Speed"', 'eng = "Speed"'), "utf-8")
    environ = {**os.environ, **NAMED, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    asked = [sys.executable, "-c", "import wsgi"]
    done = subprocess.run(asked, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (
        1,
        "touchpoints.toml [qualities.speed]: eng is not known; expected en, zh\n",
    )


def joined(name: str, sentence: str) -> str:
    return name + sentence if sentence.startswith(":") else f"{name} {sentence}"


def refusal(read: Callable[..., object], told: Path | str) -> str:
    with pytest.raises(BadFile) as refused:
        read(told)
    return str(refused.value)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Path, str, str], Path]:
    """A copy of a file with one change."""

    def edit(file: Path, old: str, new: str) -> Path:
        text = file.read_text("utf-8")
        assert old in text
        copy = tmp_path / file.name
        copy.write_text(text.replace(old, new, 1), "utf-8")
        return copy

    return edit
