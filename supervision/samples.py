"""Rates that people are judged by: how sure one can be of them, and what few answers count for."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import hypot
from statistics import NormalDist

Z = Decimal("1.959963984540054")  # 95 % of a normal distribution lie within it on both sides
FEW = 5  # answers: of fewer, what one person said could be read off
SMALL = 30  # answers: below, a rate is shown and not scored; from there on, so many more are thought at the prior rate


def wilson(x: int, n: int, z: Decimal = Z) -> tuple[float, float] | None:
    """The 95 % score interval of a rate x / n, without continuity correction; None where nobody answered."""
    if not 0 <= x <= n:
        raise ValueError(f"{x} of {n} is no rate")
    if n == 0:
        return None
    with localcontext(prec=50):
        square = z * z
        middle = x + square / 2
        half = z * (Decimal(x * (n - x)) / n + square / 4).sqrt()
        lower = float((middle - half) / (n + square)) if x else 0.0
        upper = float((middle + half) / (n + square)) if x < n else 1.0
    return lower, upper


def between(before: tuple[int, int], after: tuple[int, int], *, compared: int = 1) -> tuple[float, float] | None:
    """By how much a rate x / n has changed, as an interval from the score intervals of both (Newcombe's method 10).

    95 % sure for as many comparisons together as are made (Bonferroni): where it leaves 0 out, the change is more than
    chance. None where nobody answered before or after.
    """
    z = Z if compared == 1 else Decimal(str(NormalDist().inv_cdf(1 - 0.025 / compared)))
    first, second = wilson(*before, z), wilson(*after, z)
    if first is None or second is None:
        return None
    old, new = before[0] / before[1], after[0] / after[1]
    change = new - old
    return change - hypot(new - second[0], first[1] - old), change + hypot(second[1] - new, old - first[0])


def telling(x: int, n: int) -> bool:
    """Whether a rate would say what single people answered: of fewer than five, or of few that are all alike."""
    return n < FEW or (n < SMALL and x in {0, n})


def shrunk(satisfied: int, n: int, prior: Fraction) -> Fraction | None:
    """The satisfaction that is scored; None where too few answered."""
    return None if n < SMALL else (satisfied + SMALL * prior) / (n + SMALL)


def half_up(value: Fraction) -> int:
    """The nearest whole number, a half away from zero: 四舍五入, not the half to even of GB/T 8170."""
    whole = (2 * abs(value) + 1) // 2
    return whole if value >= 0 else -whole
