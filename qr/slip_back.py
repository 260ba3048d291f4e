"""The back of a blank slip, for people without a phone: equal boxes to tick, none of them ticked, lines to write on."""

from collections.abc import Iterator
from dataclasses import dataclass

from qr.card import Words
from qr.font import font
from qr.sheet import Layout, Line, Page

_TITLE, _CHOICE, _TEXT = 0.62, 0.56, 0.46  # sizes, in rows
_BOX, _INDENT = 0.6, 1.0
_CENTRE = 0.36  # how far the baseline lies under the middle of a line of size 1


@dataclass(frozen=True)
class Back:
    """`blanks` are what is written by hand behind these words."""

    title: str
    number: str
    choices: tuple[str, ...]
    blanks: tuple[str, ...]
    foot: tuple[str, ...]


def back(content: Back, layout: Layout) -> Page:
    """As many rows of one height as there are lines, on paper that holds one slip."""
    texts = (content.title, content.number, *content.choices, *content.blanks, *content.foot)
    left, width = layout.inset, layout.width - 2 * layout.inset
    row = (layout.height - 2 * layout.inset) / len(texts)
    middles = iter([layout.inset + (number + 0.5) * row for number in range(len(texts))])
    # All choices in the size of the longest: none of them stands out.
    longest = max(font().width(choice) for choice in content.choices)
    choice_size = min(_CHOICE * row, (width - _INDENT * row) / longest)
    words = [_line(content.title, left, next(middles), width, _TITLE * row)]
    words.append(_line(content.number, left, next(middles), width, _TEXT * row))
    lines: list[Line] = []
    for choice in content.choices:
        middle = next(middles)
        lines += _box(left, middle - _BOX * row / 2, _BOX * row)
        words.append(_line(choice, left + _INDENT * row, middle, width, choice_size))
    for blank in content.blanks:
        word = _line(blank, left, next(middles), width / 2, _TEXT * row)
        words.append(word)
        lines.append(Line(left + font().width(blank) * word.size + row / 4, word.y, left + width, word.y))
    words += [_line(text, left, next(middles), width, _TEXT * row) for text in content.foot]
    return Page(layout.width, layout.height, (), tuple(words), tuple(lines), ())


def _line(text: str, x: float, middle: float, width: float, size: float) -> Words:
    size = min(size, width / font().width(text))
    return Words(x, middle + _CENTRE * size, size, text)


def _box(x: float, y: float, side: float) -> Iterator[Line]:
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
        yield Line(*one, *other)
