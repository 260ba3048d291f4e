"""How much a rate has changed (Newcombe's interval from the score intervals of both), and of how few it is told."""

import pytest

from supervision.samples import between, telling


def test_the_interval_is_the_published_one() -> None:
    """Newcombe 1998, Statistics in Medicine 17:873, table II (a), method 10: 56/70 against 48/80."""
    assert between((48, 80), (56, 70)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_of_many_comparisons_each_has_to_be_surer() -> None:
    alone, of_many = between((48, 80), (56, 70)), between((48, 80), (56, 70), compared=40)
    assert alone is not None
    assert of_many is not None
    assert of_many[0] < alone[0] < alone[1] < of_many[1]


@pytest.mark.parametrize(("before", "after"), [((0, 0), (3, 5)), ((3, 5), (0, 0))])
def test_where_nobody_answered_nothing_is_known(before: tuple[int, int], after: tuple[int, int]) -> None:
    assert between(before, after) is None


@pytest.mark.parametrize(
    ("satisfied", "answers", "tells"),
    [(2, 4, True), (3, 5, False), (0, 29, True), (29, 29, True), (28, 29, False), (30, 30, False), (0, 30, False)],
)
def test_a_rate_of_few_or_of_few_who_agree_tells_what_one_said(satisfied: int, answers: int, *, tells: bool) -> None:
    assert telling(satisfied, answers) is tells
