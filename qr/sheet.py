"""Paper: thermal slips, A6, A5, posters and grids of labels, filled with cards from any position on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from qr.card import Card, Code, Note, Words, place
from qr.matrix import Level

CUT = 3.0  # mm, length of a cut mark


@dataclass(frozen=True)
class Line:
    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True)
class Page:
    width: float
    height: float
    codes: tuple[Code, ...]
    words: tuple[Words, ...]
    lines: tuple[Line, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Layout:
    """A page of `columns` x `rows` cells inside its margins; `inset` stays free inside every cell."""

    width: float
    height: float
    inset: float
    columns: int = 1
    rows: int = 1
    margin_x: float = 0
    margin_y: float = 0
    level: Level = "Q"

    @property
    def cells(self) -> int:
        return self.columns * self.rows

    @property
    def cell(self) -> tuple[float, float]:
        return (self.width - 2 * self.margin_x) / self.columns, (self.height - 2 * self.margin_y) / self.rows

    def grid(self, columns: int, rows: int) -> "Layout":
        return replace(self, columns=columns, rows=rows)


LAYOUTS = {
    "slip58": Layout(58, 92, 5),  # thermal heads of 58 mm print 48 mm, those of 80 mm print 72 mm
    "slip80": Layout(80, 112, 4),
    "a6": Layout(105, 148, 8),
    "a5": Layout(148, 210, 12),
    "poster": Layout(210, 297, 18),
    "poster-a3": Layout(297, 420, 25),
    "labels": Layout(210, 297, 3, columns=3, rows=8, margin_x=7, margin_y=12),
}


def pages(cards: Iterable[Card], layout: Layout, *, start: int = 1, cut_marks: bool = False) -> Iterator[Page]:
    """The cards in their order; `start` is the first free position on the first sheet, counted from 1."""
    lines = tuple(_cut_marks(layout)) if cut_marks else ()
    rest, free = iter(cards), range(start - 1, layout.cells)
    while here := list(islice(rest, len(free))):
        yield _page(here, layout, free, lines)
        free = range(layout.cells)


def _page(cards: list[Card], layout: Layout, free: range, lines: tuple[Line, ...]) -> Page:
    width, height = layout.cell
    codes: list[Code] = []
    words: list[Words] = []
    notes: list[Note] = []
    for position, card in zip(free, cards, strict=False):
        row, column = divmod(position, layout.columns)
        left = layout.margin_x + column * width + layout.inset
        top = layout.margin_y + row * height + layout.inset
        placed = place(card, width - 2 * layout.inset, height - 2 * layout.inset, level=layout.level)
        codes.append(replace(placed.code, x=placed.code.x + left, y=placed.code.y + top))
        words += [Words(word.x + left, word.y + top, word.size, word.text) for word in placed.words]
        notes += placed.notes
    return Page(layout.width, layout.height, tuple(codes), tuple(words), lines, tuple(notes))


def _cut_marks(layout: Layout) -> Iterator[Line]:
    """A small cross at every corner of every cell."""
    width, height = layout.cell
    for column in range(layout.columns + 1):
        for row in range(layout.rows + 1):
            x, y = layout.margin_x + column * width, layout.margin_y + row * height
            yield Line(x - CUT / 2, y, x + CUT / 2, y)
            yield Line(x, y - CUT / 2, x, y + CUT / 2)
