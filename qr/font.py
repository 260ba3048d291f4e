"""The printed Chinese: how wide it is, what cannot be printed, and the few outlines that go into the file."""

import unicodedata
from collections.abc import Iterable
from functools import cached_property, lru_cache
from io import BytesIO
from string import digits
from typing import TYPE_CHECKING

from noto_cjk_sans_otc import FONT_PATH

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

PATH = str(FONT_PATH)
VERSION = "2.004"
SIMPLIFIED = 2  # in the collection: JP, KR, SC, TC, HK
NO_GLYPH = "〓"  # the printer's sign for a type that is not in the case
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me"})
_UNUSED_TABLES = ["BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]


class Font:
    """Noto Sans CJK SC. `cids` and `widths` (thousandths of the size) are by character."""

    def __init__(self) -> None:
        with _opened() as font:
            advances, head = font["hmtx"], font["head"]
            named = {chr(code): name for code, name in font.getBestCmap().items()}
            self.cids: dict[str, int] = {char: int(name.removeprefix("cid")) for char, name in named.items()}
            self.widths: dict[str, int] = {char: advances[name][0] for char, name in named.items()}
            self.ascent, self.descent = font["hhea"].ascent, font["hhea"].descent
            self.box = (head.xMin, head.yMin, head.xMax, head.yMax)

    def width(self, text: str) -> float:
        """Of printable text set at size 1."""
        return sum(map(self.widths.__getitem__, text)) / 1000

    def printable(self, text: str) -> str:
        """The text on one line, with a sign in the place of everything this font does not have."""
        composed = " ".join(unicodedata.normalize("NFC", text).split())
        return composed if self._has(composed) else "".join(map(self._sign, composed)).strip()

    def outlines(self, text: Iterable[str]) -> bytes:
        """A CFF font of these characters and the digits only, under the numbers they have in the whole one."""
        return _outlines("".join(sorted({*text, *digits})))

    def _has(self, text: str) -> bool:
        return self._glyphs_known.issuperset(text)

    @cached_property
    def _glyphs_known(self) -> frozenset[str]:
        return frozenset(char for char in self.cids if unicodedata.category(char) not in _UNSEEN)

    def _sign(self, char: str) -> str:
        if char in self._glyphs_known:
            return char
        return "" if unicodedata.category(char) in _UNSEEN else NO_GLYPH


def whole() -> bytes:
    """All of it, alone: browsers take no collection."""
    with _opened() as font:
        for table in _UNUSED_TABLES:
            del font[table]
        font.save(out := BytesIO())
    return out.getvalue()


def only(text: Iterable[str]) -> bytes:
    """A font of these characters alone: what writes many documents of the same words reads the whole one once."""
    with _opened() as font:
        _subset(font, "".join({*text}))
        font.save(out := BytesIO())
    return out.getvalue()


@lru_cache(64)
def _outlines(text: str) -> bytes:
    """Taking them out of the whole font costs half a second; most pages say the same but for their numbers."""
    with _opened() as font:
        _subset(font, text)
        return bytes(font.getTableData("CFF "))


def _subset(font: "TTFont", text: str) -> None:
    from fontTools.subset import Options, Subsetter  # loaded by who prints, not by every process

    options = Options(layout_features=[], hinting=False, notdef_outline=True)
    options.drop_tables += _UNUSED_TABLES
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=list(map(ord, text)))
    subsetter.subset(font)


def _opened() -> "TTFont":
    from fontTools.ttLib import TTFont

    return TTFont(PATH, fontNumber=SIMPLIFIED, lazy=True)


@lru_cache
def font() -> Font:
    return Font()
