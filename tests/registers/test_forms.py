"""config/registers.toml: what a register may look like, and that forms grow without losing what was written."""

from pathlib import Path

import pytest

from app import clock
from app.errors import Refused
from app.services.registers import records, search
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.registers.values import Unfit, day, number
from config import registers as file
from config.files import BadFile
from config.registers import read_registers, registers
from tests.registers.conftest import Write, stands
from tests.support.world import World

PLAIN = """
[registers.keys]
zh = "钥匙"
en = "Keys"
note_zh = "谁拿着"
note_en = "Who holds it"
prefix = "KY"
states = [["out", "借出", "out"], ["back", "已还", "back"]]
closed = ["back"]
fields = [
    { name = "title", zh = "钥匙", en = "key", type = "text", required = true },
    { name = "count", zh = "把数", en = "how many", type = "number" },
]
"""


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "registers.toml"
    path.write_text(text, encoding="utf-8")
    read_registers(path)


def test_all_that_the_supervision_rests_on_is_there() -> None:
    assert set(registers()) == {
        *("knowledge", "spares", "problems", "changes", "configuration", "inspections", "drills", "training"),
        *("uniform", "tools", "desk_rules", "reports", "security", "improvements", "rectifications"),
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('prefix = "KY"', 'prefix = "key"', "two or three capital letters"),
        ('closed = ["back"]', 'closed = ["lost"]', "closed among states"),
        ('type = "number" }', 'type = "choice" }', "choices for the type choice"),
        ('name = "count"', 'name = "state"', "none of code, state, stock"),
        ('name = "count"', 'name = "due"', "expected day for a field of this name"),
        ('type = "number" }', 'type = "number", since = 2 }', "no version after form = 1"),
        ('name = "title", ', 'name = "what", ', "one called title"),
        ("required = true", "required = false", "a title that is required"),
        ('type = "number"', 'type = "money"', "expected one of category, choice"),
        ('note_zh = "谁拿着"', "", "note_zh"),
    ],
)
def test_a_typo_stops_the_start_and_says_where(tmp_path: Path, old: str, new: str, said: str) -> None:
    read(tmp_path, PLAIN)
    with pytest.raises(BadFile, match=said):
        read(tmp_path, PLAIN.replace(old, new))


@pytest.mark.parametrize("text", ["2026-11-30", "2026/11/30", "2026年11月30日", "２０２６-11-30"])
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert str(day(text)) == "2026-11-30"


@pytest.mark.parametrize("text", ["2026-02-30", "30.11.2026", "46000", "今天", "2026-11-30 08:00"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="register_day"):
        day(text)


@pytest.mark.parametrize("text", ["-1", "1.5", "二", "10000000000", "1e3", ""])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="register_number"):
        number(text)


def test_every_fault_of_a_form_is_said_at_once(write: Write) -> None:
    with pytest.raises(Unfit) as unfit:
        write("training", title="", what="party", people="many", due="soon", person="nobody", contract="none")
    assert {name: one.code for name, one in unfit.value.faults.items()} == {
        "title": "register_missing",
        "what": "register_choice",
        "people": "register_number",
        "due": "register_day",
        "person": "register_person",
        "contract": "register_contract",
    }


def test_what_is_closed_needs_its_day_but_what_is_void_does_not(write: Write) -> None:
    with pytest.raises(Unfit) as unfit:
        write("drills", title="断网", due="2026-11-01", state="done")
    assert list(unfit.value.faults) == ["done"]
    assert write("drills", title="断网", due="2026-11-01", state="dropped")


def test_a_record_remembers_the_version_of_its_form_and_loses_nothing(
    world: World, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next version gives a field up and brings another: what was written under the first stays readable."""
    path = tmp_path / "registers.toml"
    for version, text in enumerate((PLAIN, grown())):
        path.write_text(text, encoding="utf-8")
        known = read_registers(path)
        file.registers.cache_clear()
        monkeypatch.setattr(file, "__file__", str(tmp_path / "registers.py"))
        assert registers() == known
        if not version:
            record = write("keys", title="机房", count="3")
            who = Reader(world.supervisor.id, hospital=True, acts=True)
            assert labels(world, who, record) == ["title", "count"]
    assert stands(world, record).form == 1
    assert labels(world, who, record) == ["title", "count"]
    with world.database.transaction() as session:
        records.revise(session, record, "keys", {"title": "机房", "room": "B1"}, Act(who, clock.now(), revision=1))
    kept = stands(world, record)
    assert (kept.form, kept.data, kept.words) == (2, {"count": 3}, {"room": "B1"})
    assert labels(world, who, record) == ["title", "room"]
    file.registers.cache_clear()


def grown() -> str:
    more = '    { name = "room", zh = "房间", en = "room", type = "text", since = 2 },\n]'
    text = PLAIN.replace('prefix = "KY"', 'prefix = "KY"\nform = 2')
    return (
        text.replace('type = "number" }', 'type = "number", until = 1 }')
        .replace("]\n]", more)
        .replace("\n]\n", f"\n{more}\n")
    )


def labels(world: World, who: Reader, record: int) -> list[str]:
    with world.database.reading() as session:
        shown = search.one(session, who, "keys", record, day=clock.now().date())
        form = registers()["keys"]
        return [one.name for one, _value in search.fields(form, shown.record.form, shown.row)]
