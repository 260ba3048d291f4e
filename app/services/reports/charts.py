"""Charts as shapes with their places: a template draws them as SVG, beside a table that says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ROW, WIDTH = 34, 360


@dataclass(frozen=True)
class Bar:
    """How much of a weight was reached, in hundredths of a point."""

    code: str
    points: int
    weight: int
    y: int
    length: int
    per_cent: str

    @property
    def text_y(self) -> int:
        return self.y + 17


@dataclass(frozen=True)
class Chart:
    bars: Sequence[Bar]
    width: int
    height: int


def dimensions(content: dict[str, Any]) -> Chart:
    """A bar for each dimension that has points: its share of the weight it carries this quarter."""
    weights: dict[str, int] = {}
    for line in content["lines"]:
        if line["weight_spread"]:
            weights[line["dimension"]] = weights.get(line["dimension"], 0) + line["weight_spread"]
    bars = []
    for number, (code, weight) in enumerate(weights.items()):
        points = content["dimensions"][code]
        share = points * 10_000 // weight
        length = points * WIDTH // weight
        bars.append(Bar(code, points, weight, number * ROW + 4, length, f"{share // 100}.{share % 100:02}"))
    return Chart(bars, WIDTH, len(bars) * ROW + 4)
