"""config/score.toml: whole or not at all; what is wrong is named."""

from datetime import date
from pathlib import Path

import pytest

from app.paths import ROOT
from config.files import BadFile
from config.score import read_score_rules, score_rules

TEXT = (ROOT / "config" / "score.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('weight = "6.00"', 'weight = "6.01"', "weights that come to 100.00, not 100.01"),
        ('weight = "6.00"', 'weight = "six"', 'points as "3.00"'),
        ('code = "P2"', 'code = "P1"', "each code once"),
        ('target = "100%"\nfloor = "90%"', 'target = "90%"\nfloor = "90%"', "a floor that is not the target"),
        ('target = "100%"\nfloor = "90%"', 'target = "100%"', "target and floor for L"),
        ('calendar = "office"', 'calendar = "moon"', "calendar: expected one of sla.toml"),
        ('k = "1.00"', 'k = "1.01"', "no k above 1.00"),
        ('mode = "bands"', 'mode = "proportional"', "full_at where it is proportional"),
        ('measure = "remote"', 'measure = "remote"\nregister = "cases"', "a register of what is entered by hand alone"),
        ("since = 2020-01-01", 'since = 2020-01-01\ncontracts = ["HT-1"]', "expected one for all at least"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in TEXT
    file = tmp_path / "score.toml"
    file.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(BadFile) as refused:
        read_score_rules(file)
    assert said in str(refused.value)


def test_a_contracts_own_rules_go_before_those_for_all(tmp_path: Path) -> None:
    head, _, rest = TEXT.partition("[[versions]]")
    own = rest.replace('name = "default-1"', 'name = "own"').replace("since =", 'contracts = ["HT-1"]\nsince =', 1)
    own = own.replace('mode = "bands"', 'mode = "proportional"\nfull_at = "90.00"', 1)
    bands = own.index("bands = [")
    own = own[:bands] + own[own.index("]\n", bands) + 2 :]
    file = tmp_path / "score.toml"
    file.write_text(f"{head}[[versions]]{rest}\n[[versions]]{own}", "utf-8")
    rules = read_score_rules(file)
    found = [rules.rule_set(date(2026, 7, 1), contract) for contract in ("HT-1", "HT-2")]
    assert [one.name for one in found if one] == ["own", "default-1"]
    assert found[0] is not None
    assert found[0].settlement.rule() == {"mode": "proportional", "full_at": 9_000, "veto_k": 0}
    assert rules.rule_set(date(2019, 1, 1), "HT-2") is None


def test_the_tree_has_its_hundred_points() -> None:
    [version] = score_rules().versions
    sums: dict[str, int] = {}
    for row in version.tree():
        sums[row["dimension"]] = sums.get(row["dimension"], 0) + row["weight"]
    assert sums == {"P": 15_00, "R": 15_00, "C": 60_00, "T": 10_00}
    assert len(version.indicators) == 45
