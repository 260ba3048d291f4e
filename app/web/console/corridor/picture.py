"""The corridor drawn: a column for each touchpoint, a line through what people felt; read by shape, not by colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.models.rating import LEVELS
from app.services.dashboards.corridor import Touchpoint

LEFT, COLUMN, TOP, STEP = 124, 128, 64, 44  # a step is from one level to the next
BAR_WIDTH = 18
BAR = 36  # what 100 % is long
WIDEST, NARROWEST = LEVELS[0], LEVELS[-1]


@dataclass(frozen=True)
class Column:
    point: Touchpoint
    x: int
    y: int | None
    """Of the mean; none where nobody said anything."""
    happy: int
    """Lengths of the bars above and below."""
    angry: int

    @property
    def bar_x(self) -> int:
        return self.x - BAR_WIDTH // 2

    @property
    def happy_y(self) -> int:
        return (self.y or 0) - 12 - self.happy

    @property
    def angry_y(self) -> int:
        return (self.y or 0) + 12

    @property
    def mean_at(self) -> tuple[int, int]:
        return self.x + 14, (self.y or 0) - 6

    @property
    def truth(self) -> str:
        """The diamond of a moment of truth."""
        return f"M{self.x} 30l6 6l-6 6l-6 -6z"


@dataclass(frozen=True)
class Picture:
    columns: Sequence[Column]
    lines: Sequence[tuple[int, int, int]]
    """Each level, its height, and that of its word."""
    path: str
    width: int
    height: int
    top: int
    bottom: int
    left: int = LEFT - 32
    bar: int = BAR_WIDTH

    @property
    def right(self) -> int:
        return self.width - 8

    @property
    def counts_y(self) -> int:
        return self.bottom + 20

    @property
    def times_y(self) -> int:
        return self.bottom + 38

    @property
    def legend_y(self) -> int:
        return self.bottom + 70


def draw(points: Sequence[Touchpoint]) -> Picture:
    columns = [
        Column(
            point,
            LEFT + COLUMN * n + COLUMN // 2 - 32,
            None if point.mean is None else _height(point.mean),
            _bar(point.happy.x, point.n),
            _bar(point.angry.x, point.n),
        )
        for n, point in enumerate(points)
    ]
    measured = [column for column in columns if column.y is not None]
    path = " ".join(f"{'L' if n else 'M'}{column.x} {column.y}" for n, column in enumerate(measured))
    top, bottom = _height(WIDEST) - BAR - 8, _height(NARROWEST) + BAR + 8
    lines = [(level, _height(level), _height(level) + 4) for level in LEVELS]
    return Picture(columns, lines, path, LEFT + COLUMN * len(points) - 24, bottom + 92, top, bottom)


def _height(level: float) -> int:
    return TOP + BAR + round((WIDEST - level) * STEP)


def _bar(x: int, n: int) -> int:
    return round(BAR * x / n) if n else 0
