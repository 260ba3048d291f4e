"""One card: a code and what it says beside it, measured before it is placed. Lengths are millimetres from the top."""

from dataclasses import dataclass, replace
from functools import lru_cache

from qr.font import font
from qr.logo import SHARE, SPARING, Logo, NoMargin
from qr.matrix import Level, Symbol, symbol
from qr.mini_code import Mini, Stamp

QUIET_ZONE = 4  # modules, ISO/IEC 18004
LEAST_MODULE = 0.33  # mm
LEAST_TEXT = 1.9  # mm, 5.4 points
_LEADING = 1.35
_TITLE = 1.25
_SQUEEZE = 0.72  # a line is set smaller up to here before it is broken in two
_CENTRE_OF_LINE = 0.88  # where the baseline stands in a line of size 1


class TooSmall(ValueError):
    """The cell is too small for a code and its words."""


@dataclass(frozen=True)
class Card:
    address: str
    title: str
    lines: tuple[str, ...] = ()
    foot: str = ""
    logo: Logo | None = None
    mini: Mini | None = None


@dataclass(frozen=True)
class Words:
    """Printable text, its baseline beginning at x, y."""

    x: float
    y: float
    size: float
    text: str

    @property
    def width(self) -> float:
        return font().width(self.text) * self.size


@dataclass(frozen=True)
class Code:
    """A symbol in a square that has the quiet zone in it, and what lies on its middle."""

    x: float
    y: float
    side: float
    symbol: Symbol
    logo: Logo | None = None
    mini: Mini | None = None

    @property
    def symbols(self) -> "tuple[Code, ...]":
        """What of it is drawn as a symbol: the whole, the left half, or nothing."""
        if self.mini is None:
            return (self,)
        half = replace(self, y=self.y + self.side / 4, side=self.side / 2, mini=None)
        return (half,) if self.mini.beside else ()

    @property
    def stamps(self) -> tuple[Stamp, ...]:
        if self.mini is None:
            return ()
        if not self.mini.beside:
            return (Stamp(self.x, self.y, self.side, self.mini.picture),)
        half = self.side / 2
        return (Stamp(self.x + half, self.y + half / 2, half, self.mini.picture),)

    @property
    def module(self) -> float:
        return self.side / (self.symbol.side + 2 * QUIET_ZONE)

    @property
    def covered(self) -> tuple[int, int]:
        """The modules a logo takes: the first of each row, counted with the quiet zone, and how many."""
        count = int(self.symbol.side * SHARE) - 1 | 1  # odd, as every symbol's side is
        return QUIET_ZONE + (self.symbol.side - count) // 2, count


@dataclass(frozen=True)
class Note:
    """A text that could not be printed as it is."""

    text: str
    printed: str


@dataclass(frozen=True)
class Placed:
    code: Code
    words: tuple[Words, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Entry:
    """A text as the lines it is set in."""

    text: str
    size: float
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * _LEADING

    @property
    def note(self) -> Note | None:
        printed = "".join(self.lines)
        same = printed.replace(" ", "") == "".join(self.text.split())
        return None if same else Note(self.text, printed)


def place(card: Card, width: float, height: float, *, level: Level) -> Placed:
    """The card in a cell that begins at 0, 0: the words around the code, or beside it where the cell is wide."""
    if card.logo and level not in SPARING:
        raise NoMargin
    texts = (card.title, *card.lines, card.foot)
    code = symbol(card.address, level)
    if width > height:
        side = min(height, width * 0.48)
        entries = _fitted(texts, side / 7.5, width - side, height)
        words = _set(entries, side, (height - _height(entries)) / 2, width - side, centred=False)
        return Placed(_code(card, code, 0, (height - side) / 2, side), words, _notes(entries))
    side = min(width, height * 0.54)
    title, *below = entries = _fitted(texts, side / 11.5, width, height - side)
    top = (height - side - _height(entries)) / 2
    middle = top + title.height + side
    words = _set([title], 0, top, width) + _set(below, 0, middle, width)
    return Placed(_code(card, code, (width - side) / 2, top + title.height, side), words, _notes(entries))


def _code(card: Card, drawn: Symbol, x: float, y: float, side: float) -> Code:
    code = Code(x, y, side, drawn, card.logo, card.mini)
    # A picture of WeChat's has no modules of ours: its room is measured by the symbol it stands for.
    if min((one.module for one in code.symbols), default=code.module) < LEAST_MODULE:
        raise TooSmall
    return code


def _fitted(texts: tuple[str, ...], size: float, width: float, height: float) -> list[_Entry]:
    """As large as the room allows; what does not even fit at the least size is cut, the longest text first."""
    while True:
        entries = [_broken(text, max(size * (1 if n else _TITLE), LEAST_TEXT), width) for n, text in enumerate(texts)]
        if _height(entries) <= height:
            return entries
        if size <= LEAST_TEXT:
            return _cut(entries, width, height)
        size *= 0.94


def _cut(entries: list[_Entry], width: float, height: float) -> list[_Entry]:
    while _height(entries) > height:
        longest = max(entries, key=lambda entry: len(entry.lines))
        if len(longest.lines) < 2:
            raise TooSmall
        *kept, last, _lost = longest.lines
        while font().width(last + "…") * longest.size > width:
            last = last[:-1]
        entries[entries.index(longest)] = _Entry(longest.text, longest.size, (*kept, last + "…"))
    return entries


@lru_cache(4096)
def _broken(text: str, size: float, width: float) -> _Entry:
    printed = font().printable(text)
    if not printed:
        return _Entry(text, size, ())
    full = font().width(printed) * size
    squeezed = max(size * _SQUEEZE, LEAST_TEXT)
    if full * squeezed / size <= width:
        return _Entry(text, min(size, size * width / full), (printed,))
    return _Entry(text, squeezed, tuple(_lines(printed, width / squeezed)))


def _lines(text: str, width: float) -> list[str]:
    """As few lines as the width allows, and these about equally long."""
    if width < 1:
        raise TooSmall
    lines = _filled(text, width)
    even = _filled(text, min(width, font().width(text) / len(lines) + 1))
    return even if len(even) == len(lines) else lines


def _filled(text: str, width: float) -> list[str]:
    lines = [""]
    for char in text:
        if font().width(lines[-1] + char) > width:
            lines.append("")
        lines[-1] += char
    return lines


def _set(entries: list[_Entry], left: float, top: float, width: float, *, centred: bool = True) -> tuple[Words, ...]:
    words = []
    for entry in entries:
        for line in entry.lines:
            spare = width - font().width(line) * entry.size if centred else 0
            words.append(Words(left + spare / 2, top + _CENTRE_OF_LINE * entry.size, entry.size, line))
            top += entry.size * _LEADING
    return tuple(words)


def _height(entries: list[_Entry]) -> float:
    return sum(entry.height for entry in entries)


def _notes(entries: list[_Entry]) -> tuple[Note, ...]:
    return tuple(note for entry in entries if (note := entry.note))
