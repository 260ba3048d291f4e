"""What the provider is shown of ratings: a band of the shrunk rate, let out so that no single answer follows from it.

Whoever keeps everything they were ever shown can work out what each block may hold. A figure is let out only if,
whatever it will say, every answer of every block may still have been either; decided from what was shown before, never
from the answers, so that a figure held back tells nothing. Then its block waits and grows with the next one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from supervision.samples import SMALL

PRIOR = Fraction(9, 10)  # a constant: one that moved with the ratings would tell of them
EDGES = (Fraction(60, 100), Fraction(75, 100), Fraction(85, 100))


@dataclass(frozen=True)
class Shown:
    """Of so many answers; the band's number, 0 the lowest."""

    n: int
    band: int


@dataclass(frozen=True)
class _Step:
    """A figure that was let out: over how many new answers, and between what the satisfied so far then lie."""

    size: int
    least: int
    most: int


def release(sizes: Iterable[tuple[int, int]]) -> Iterator[Shown | None]:
    """What is shown after each block of (answers, satisfied ones); the figure before where a block has to wait."""
    steps: list[_Step] = []
    shown, n, x, waiting = None, 0, 0, 0
    for size, satisfied in sizes:
        n, x, waiting = n + size, x + satisfied, waiting + size
        if _tells_nothing(steps, n, waiting):
            band = _band(n, x)
            steps.append(_step(n, band, waiting))
            shown, waiting = Shown(n, band), 0
        yield shown


def possible(steps: Sequence[_Step]) -> list[tuple[int, int]] | None:
    """How many satisfied each step may have brought, at least and at most; None where no answers give these figures."""
    reached = [(0, 0)]
    for step in steps:
        low, high = reached[-1]
        reached.append((max(low, step.least), min(high + step.size, step.most)))
        if reached[-1][0] > reached[-1][1]:
            return None
    for place in range(len(steps) - 1, -1, -1):
        (low, high), (after_low, after_high) = reached[place], reached[place + 1]
        reached[place] = max(low, after_low - steps[place].size), min(high, after_high)
    return [
        (max(0, after[0] - before[1]), min(step.size, after[1] - before[0]))
        for step, before, after in zip(steps, reached, reached[1:], strict=False)
    ]


def _tells_nothing(steps: Sequence[_Step], n: int, waiting: int) -> bool:
    for band in range(len(EDGES) + 1):
        new = [*steps, _step(n, band, waiting)]
        found = possible(new)
        if found and any(least == step.size or most == 0 for step, (least, most) in zip(new, found, strict=True)):
            return False
    return True


def _band(n: int, x: int) -> int:
    rate = (x + SMALL * PRIOR) / (n + SMALL)
    return sum(rate >= edge for edge in EDGES)


def _step(n: int, band: int, size: int) -> _Step:
    """Between what the satisfied of `n` lie where the rate is in this band."""
    least = _least(n, EDGES[band - 1]) if band else 0
    most = min(n, _least(n, EDGES[band]) - 1) if band < len(EDGES) else n
    return _Step(size, least, most) if least <= most else _Step(size, 1, 0)


def _least(n: int, edge: Fraction) -> int:
    """From how many satisfied of `n` on the rate reaches this edge."""
    return max(0, ceil(edge * (n + SMALL) - SMALL * PRIOR))
