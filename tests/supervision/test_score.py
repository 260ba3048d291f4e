"""The score by hand, and what holds for every score."""

import random  # noqa: TID251 seeded: the same cases every time
from typing import Any

import pytest

from supervision import reading
from supervision.settlement import termination_review
from tests.supervision.vectors import SCORES
from tests.supervision.worked_scores import ALONE, BONUS, SETTLED, SPREAD, WHOLE, Fields

TREE_OF_TOTALS = {"A1.1": {**WHOLE, "weight": 10000}}


def test_there_are_enough_worked_examples() -> None:
    assert len(ALONE) + len(SPREAD) + len(BONUS) + len(SETTLED) >= 80


@pytest.mark.parametrize(("said", "row", "figure", "points"), ALONE, ids=[row[0] for row in ALONE])
def test_what_one_indicator_earns(said: str, row: Fields, figure: Fields | None, points: int | None) -> None:
    assert counted({"A1.1": row}, {"A1.1": figure})["total"] == points


@pytest.mark.parametrize(("said", "tree", "figures", "weights", "total"), SPREAD, ids=[row[0] for row in SPREAD])
def test_where_weights_go(
    said: str, tree: dict[str, Fields], figures: dict[str, Fields], weights: dict[str, int], total: int | None
) -> None:
    found = counted(tree, figures)
    assert (found.get("weights", {}), found["total"]) == (weights, total)
    if total is not None:
        assert found["not_applicable"] == [code for code in tree if code not in weights]


@pytest.mark.parametrize(("said", "points", "bonus", "total"), BONUS, ids=[row[0] for row in BONUS])
def test_what_is_given_on_top(said: str, points: int, bonus: list[int], total: int) -> None:
    assert counted(TREE_OF_TOTALS, {"A1.1": {"num": points, "den": 10000}}, bonus=bonus)["total"] == total


@pytest.mark.parametrize(
    ("said", "total", "rule", "base", "grade", "before", "fee"), SETTLED, ids=[row[0] for row in SETTLED]
)
def test_what_is_paid(said: str, total: int, rule: Fields, base: int, grade: str | None, before: int, fee: int) -> None:
    figures = {"A1.1": {"num": total, "den": 10000}}
    found = counted(TREE_OF_TOTALS, figures, settlement={**rule, "base_fen": base})
    assert found["total"] == total
    assert (found.get("grade"), found["fee_before_deductions"], found["fee"]) == (grade, before, fee)


@pytest.mark.parametrize(
    ("totals", "review"),
    [
        ([], False),
        ([7499], False),
        ([7499, 7500, 7499], False),
        ([7499, 7499], True),
        ([9000, 7000, 7000, 9000], True),
        ([7499, 7500, 7499, 7500, 7499], True),
    ],
)
def test_when_whether_to_end_the_contract_is_looked_at(totals: list[int], review: bool) -> None:
    assert termination_review(totals) is review


@pytest.mark.parametrize("case", SCORES, ids=lambda case: str(case["id"]))
def test_full_marks_are_exactly_the_weights(case: Fields) -> None:
    """Of the applicable indicators, whatever is missing."""
    found = reading.sheet({"tree": case["tree"], "figures": full(case)})
    if found["total"] is not None:
        assert found["points"] == found["weights"]
        assert found["total"] == sum(row["weight"] for row in case["tree"])


@pytest.mark.parametrize("case", SCORES[::3], ids=lambda case: str(case["id"]))
def test_the_order_of_rows_changes_nothing(case: Fields) -> None:
    """But where two remainders are equal the first row gets the hundredth."""
    chance = random.Random(case["id"])
    tree = chance.sample(case["tree"], len(case["tree"]))
    figures = dict(chance.sample(list(case["figures"].items()), len(case["figures"])))
    found, other = reading.sheet({"tree": case["tree"], "figures": figures}), reading.sheet({**case, "tree": tree})
    assert found["total"] is not None or other == {"total": None}
    if found["total"] is not None:
        assert sorted(found["not_applicable"]) == sorted(other["not_applicable"])
        assert all(abs(found["weights"][code] - other["weights"][code]) <= 1 for code in found["weights"])
        assert sum(found["weights"].values()) == sum(other["weights"].values())


@pytest.mark.parametrize("prior", [[0, 1], [1, 2], [83, 100], [1, 1]])
@pytest.mark.parametrize("n", [30, 31, 59, 98, 99, 100, 101, 250])
def test_one_more_satisfied_answer_never_costs_and_one_more_dissatisfied_never_earns(n: int, prior: list[int]) -> None:
    row = {"weight": 600, "type": "L", "target": [90, 100], "floor": [75, 100], "small_sample": True}
    other = {"weight": 317, "type": "Y"}

    def total(satisfied: int, of: int) -> int:
        figures = {"A1.1": {"num": satisfied, "den": of, "prior": prior}, "A1.2": {"yes": True}}
        found: int = counted({"A1.1": row, "A1.2": other, "A1.3": other}, figures)["total"]
        return found

    for satisfied in range(n * 3 // 5, n + 1):
        assert total(satisfied + 1, n + 1) >= total(satisfied, n) >= total(satisfied, n + 1)


def counted(tree: dict[str, Fields], figures: dict[str, Any], **more: Any) -> Fields:
    rows = [{"code": code, "group": code[:2], "dimension": code[0], **row} for code, row in tree.items()]
    return reading.sheet({"tree": rows, "figures": figures, **more})


def full(case: Fields) -> Fields:
    best = {"L": lambda row: {"num": row["target"][0] * 1000, "den": row["target"][1] * 1000, "prior": row["target"]}}
    best |= {"D": lambda row: {"num": 1, "den": 1} if "step" in row else {"count": 0}, "Y": lambda _: {"yes": True}}
    rows = {row["code"]: row for row in case["tree"]}
    return {code: figure and best[rows[code]["type"]](rows[code]) for code, figure in case["figures"].items()}
