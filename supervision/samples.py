"""Rates that people are judged by: how sure one can be of them, and what few answers count for."""

from decimal import Decimal, localcontext
from fractions import Fraction

Z = Decimal("1.959963984540054")  # 95 % of a normal distribution lie within it on both sides
SMALL = 30  # answers: below, a rate is shown and not scored; from there on, so many more are thought at the prior rate


def wilson(x: int, n: int) -> tuple[float, float] | None:
    """The 95 % score interval of a rate x / n, without continuity correction; None where nobody answered."""
    if not 0 <= x <= n:
        raise ValueError(f"{x} of {n} is no rate")
    if n == 0:
        return None
    with localcontext(prec=50):
        square = Z * Z
        middle = x + square / 2
        half = Z * (Decimal(x * (n - x)) / n + square / 4).sqrt()
        lower = float((middle - half) / (n + square)) if x else 0.0
        upper = float((middle + half) / (n + square)) if x < n else 1.0
    return lower, upper


def shrunk(satisfied: int, n: int, prior: Fraction) -> Fraction | None:
    """The satisfaction that is scored; None where too few answered."""
    return None if n < SMALL else (satisfied + SMALL * prior) / (n + SMALL)


def half_up(value: Fraction) -> int:
    """The nearest whole number, a half away from zero: 四舍五入, not the half to even of GB/T 8170."""
    whole = (2 * abs(value) + 1) // 2
    return whole if value >= 0 else -whole
