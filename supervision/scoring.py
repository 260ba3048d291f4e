"""The score of a quarter, `score/1`, to the last hundredth: exact fractions inside, one rounding at the end.

Weights, points and totals are whole hundredths of a point. Decided here, and nowhere else:
* Without a figure, with n = 0 and with a small sample below 30 an indicator is not applicable. Its weight goes to the
  applicable of its group, else of its dimension, else to all, by their own weights; nothing applicable, no total.
* A group lies in its dimension: the same code in another dimension is another group. A weight of 0 takes nothing.
* Deductions count against the own weight, before what was spread is added; a rate falls short by whole steps only.
* Whole hundredths by the largest remainder, ties in the order of the tree: the weights keep their sum.
* One more satisfied answer costs nothing from 30 answers on; the thirtieth itself may, because it brings the rate in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from supervision.samples import half_up, shrunk

FULL = 100_00
MOST_BONUS = 3_00


@dataclass(frozen=True)
class Rate:
    """So many of so many; `prior` is what few answers are shrunk towards, if not the target."""

    num: int
    den: int
    prior: Fraction | None = None


Figure = Rate | int | bool | None  # a rate, a number of events, yes or no; None where there is none


@dataclass(frozen=True)
class Linear:
    """L: full at the target, none at the floor, straight between; either may be the greater."""

    target: Fraction
    floor: Fraction
    small_sample: bool = False

    def share(self, figure: Figure, weight: int) -> Fraction | None:
        if not isinstance(figure, Rate):
            raise TypeError("a rate is scored here")
        rate = self._scored(figure)
        return None if rate is None else _clipped((rate - self.floor) / (self.target - self.floor))

    def _scored(self, figure: Rate) -> Fraction | None:
        if self.small_sample:
            return shrunk(figure.num, figure.den, self.target if figure.prior is None else figure.prior)
        return Fraction(figure.num, figure.den) if figure.den else None


@dataclass(frozen=True)
class Deducted:
    """D: so many hundredths for each event."""

    per: int

    def share(self, figure: Figure, weight: int) -> Fraction | None:
        if isinstance(figure, bool) or not isinstance(figure, int):
            raise TypeError("a number of events is scored here")
        return _left(weight, self.per * figure)


@dataclass(frozen=True)
class Short:
    """D: so many hundredths for each whole step by which a rate falls short of the target."""

    per: int
    target: Fraction
    step: Fraction

    def share(self, figure: Figure, weight: int) -> Fraction | None:
        if not isinstance(figure, Rate):
            raise TypeError("a rate is scored here")
        if figure.den == 0:
            return None
        steps = max(0, (self.target - Fraction(figure.num, figure.den)) // self.step)
        return _left(weight, self.per * steps)


@dataclass(frozen=True)
class YesNo:
    """Y: all or nothing."""

    def share(self, figure: Figure, weight: int) -> Fraction | None:
        if not isinstance(figure, bool):
            raise TypeError("yes or no is scored here")
        return Fraction(figure)


@dataclass(frozen=True)
class Indicator:
    code: str
    group: str
    dimension: str
    weight: int
    rule: Linear | Deducted | Short | YesNo


@dataclass(frozen=True)
class Score:
    """What stands on the sheet, by code, in the order of the tree."""

    weights: Mapping[str, int]
    points: Mapping[str, int]
    not_applicable: Sequence[str]
    dimensions: Mapping[str, int]
    bonus: int
    total: int

    def fields(self) -> dict[str, Any]:
        return asdict(self)


def score(tree: Sequence[Indicator], figures: Mapping[str, Figure], bonus: Iterable[int] = ()) -> Score | None:
    """None where no indicator is applicable: then there is no score, not one of 0."""
    shares = {row.code: _share(row, figures.get(row.code)) for row in tree}
    applicable = {code: share for code, share in shares.items() if share is not None}
    weights = _whole(_spread(tree, applicable))
    if not weights:
        return None
    points = {code: half_up(weight * applicable[code]) for code, weight in weights.items()}
    dimensions: dict[str, int] = {}
    for row in tree:
        if row.code in points:
            dimensions[row.dimension] = dimensions.get(row.dimension, 0) + points[row.code]
    added = min(MOST_BONUS, sum(bonus))
    total = min(FULL, sum(points.values()) + added)
    return Score(weights, points, [code for code in shares if code not in applicable], dimensions, added, total)


def _share(row: Indicator, figure: Figure) -> Fraction | None:
    try:
        return None if figure is None else row.rule.share(figure, row.weight)
    except TypeError as error:
        raise ValueError(f"{row.code}: {error}") from None


def _spread(tree: Sequence[Indicator], applicable: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The weights of the applicable, with those of all others spread over them."""
    heirs = [row for row in tree if row.code in applicable]
    weights = {row.code: Fraction(row.weight) for row in heirs}
    if not any(weights.values()):
        return {}
    for row in tree:
        if row.code not in applicable:
            nearest = _nearest(row, heirs)
            whole = sum(heir.weight for heir in nearest)
            for heir in nearest:
                weights[heir.code] += Fraction(row.weight * heir.weight, whole)
    return weights


def _nearest(row: Indicator, heirs: Sequence[Indicator]) -> Sequence[Indicator]:
    in_dimension = [heir for heir in heirs if heir.dimension == row.dimension]
    in_group = [heir for heir in in_dimension if heir.group == row.group]
    return next(near for near in (in_group, in_dimension, heirs) if any(heir.weight for heir in near))


def _whole(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole hundredths that keep the sum, which is whole."""
    floors = {code: weight // 1 for code, weight in weights.items()}
    missing = int(sum(weights.values())) - sum(floors.values())
    largest = sorted(weights, key=lambda code: floors[code] - weights[code])  # stable: ties in the order of the tree
    return {code: floor + (code in largest[:missing]) for code, floor in floors.items()}


def _left(weight: int, deducted: int) -> Fraction:
    return _clipped(1 - Fraction(deducted, weight)) if weight else Fraction(0)


def _clipped(share: Fraction) -> Fraction:
    return min(Fraction(1), max(Fraction(0), share))
