"""Whoever keeps every figure they were ever shown cannot tell any single answer: tried for every possible quarter."""

import random  # noqa: TID251 seeded: the same quarters every time
from collections import defaultdict
from itertools import product

import pytest

from supervision.release import EDGES, Shown, _band, _step, release

SIZES = [(5,), (5, 5), (5, 6), (9, 5), (5, 5, 5), (5, 7, 5), (6, 5, 8), (12, 5, 5)]


@pytest.mark.parametrize("sizes", SIZES)
def test_every_answer_may_have_been_either(sizes: tuple[int, ...]) -> None:
    alike: dict[tuple[Shown | None, ...], list[tuple[int, ...]]] = defaultdict(list)
    for satisfied in product(*(range(size + 1) for size in sizes)):
        alike[tuple(release(zip(sizes, satisfied, strict=True)))].append(satisfied)
    for shown, quarters in alike.items():
        for place, size in enumerate(sizes):
            found = {quarter[place] for quarter in quarters}
            assert max(found) >= 1, (shown, place)
            assert min(found) <= size - 1, (shown, place)


def test_whether_a_figure_is_held_back_follows_from_no_answer() -> None:
    dice = random.Random(4)
    for _ in range(20):
        sizes = [dice.randrange(5, 15) for _ in range(dice.randrange(1, 10))]
        quarter = [(size, sum(dice.random() < 0.9 for _ in range(size))) for size in sizes]
        before = list(release(quarter))
        for place, (size, _satisfied) in enumerate(quarter):
            other = [*quarter[:place], (size, dice.randrange(size + 1)), *quarter[place + 1 :]]
            after = list(release(other))
            assert [one and one.n for one in after[: place + 1]] == [one and one.n for one in before[: place + 1]]


def test_a_quarter_of_an_engineer_shows_something() -> None:
    dice = random.Random(7)
    sizes = [7, 9, 6, 12, 8, 5, 10, 9, 11, 7, 6, 8]
    shown = list(release((size, sum(dice.random() < 0.9 for _ in range(size))) for size in sizes))
    assert [one and one.n for one in shown] == [None, None, 22, 34, 42, 47, 57, 66, 77, 84, 90, 98]
    assert shown[-1] == Shown(98, 3)


def test_half_of_them_satisfied_is_a_lower_band() -> None:
    (*_, last) = release([(20, 10), (20, 10), (20, 10)])
    assert last is not None
    assert last.band < 2


def test_the_bounds_of_a_band_are_those_of_trying_every_answer() -> None:
    for n in range(0, 200, 3):
        for band in range(len(EDGES) + 1):
            fits = [x for x in range(n + 1) if _band(n, x) == band]
            step = _step(n, band, 5)
            assert (step.least, step.most) == ((fits[0], fits[-1]) if fits else (1, 0)), (n, band)
