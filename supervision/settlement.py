"""From the score to the fee, in whole fen. The coefficient k is in hundredths and never above 1.

Decided here: a veto that was decided puts the quarter into the lowest band, or under its own k, whatever the points;
the total stays as it was counted. What is deducted besides never makes the fee negative, and is printed whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from supervision.samples import half_up

REVIEW_BELOW = 75_00  # two quarters running, or three in a contract: whether to end it is looked at
RUNNING, IN_CONTRACT = 2, 3


@dataclass(frozen=True)
class Band:
    least: int
    grade: str
    k: int


@dataclass(frozen=True)
class Bands:
    bands: Sequence[Band]

    def settle(self, total: int, *, veto: bool = False) -> tuple[Band, Fraction]:
        """The band and its coefficient."""
        reached = [band for band in self.bands if band.least <= total and not veto]
        band = max(reached, key=lambda one: one.least) if reached else min(self.bands, key=lambda one: one.least)
        return band, Fraction(band.k, 100)


@dataclass(frozen=True)
class Proportional:
    full_at: int
    veto_k: int = 0

    def settle(self, total: int, *, veto: bool = False) -> tuple[None, Fraction]:
        k = Fraction(min(total, self.full_at), self.full_at)
        return None, min(k, Fraction(self.veto_k, 100)) if veto else k


def settle(
    total: int, mode: Bands | Proportional, *, base_fen: int, deductions_fen: Sequence[int] = (), veto: bool = False
) -> dict[str, Any]:
    """The whole sum, as it is printed."""
    band, k = mode.settle(total, veto=veto)
    before, deducted = half_up(base_fen * k), sum(deductions_fen)
    graded = {} if band is None else {"grade": band.grade, "k": band.k}
    return {**graded, "fee_before_deductions": before, "deductions": deducted, "fee": max(0, before - deducted)}


def termination_review(totals: Sequence[int]) -> bool:
    """Of a contract's quarters, the oldest first."""
    low = [total < REVIEW_BELOW for total in totals]
    return sum(low) >= IN_CONTRACT or any(all(low[at : at + RUNNING]) for at in range(len(low) - RUNNING + 1))
