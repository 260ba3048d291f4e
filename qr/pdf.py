"""Pages as a PDF, written directly: vectors, codes as 1-bit masks, one font with only the outlines in use."""

import zlib
from collections.abc import Iterable

from qr.card import QUIET_ZONE, Code, Words
from qr.font import Font, font
from qr.mini_code import Stamp
from qr.sheet import Line, Page

POINT = 72 / 25.4  # points in a millimetre
_HAIRLINE = 0.25
_CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange
{blocks}
endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


def pdf(pages: Iterable[Page]) -> bytes:
    """At true size: the page boxes are the paper, and the viewer is asked not to scale."""
    return _Writer(font()).document(pages)


class _Writer:
    """Objects by number; 1 to 7 have their fixed places, the pages and their contents follow."""

    CATALOGUE, TREE, FONT, OUTLINED, DESCRIPTOR, OUTLINES, NAMES = range(1, 8)

    def __init__(self, outlined: Font) -> None:
        self._font = outlined
        self._used: set[str] = set()
        self._objects: dict[int, bytes] = {}

    def document(self, pages: Iterable[Page]) -> bytes:
        leaves = []
        for number, page in enumerate(pages):
            leaf = 8 + 2 * number
            leaves.append(leaf)
            box = f"[0 0 {page.width * POINT:.3f} {page.height * POINT:.3f}]"
            self._put(leaf, f"<</Type/Page/Parent {self.TREE} 0 R/MediaBox{box}/Contents {leaf + 1} 0 R>>".encode())
            self._stream(leaf + 1, self._content(page), "")
        kids = " ".join(f"{leaf} 0 R" for leaf in leaves)
        preferences = "<</PrintScaling/None/PickTrayByPDFSize true>>"
        self._put(self.CATALOGUE, f"<</Type/Catalog/Pages {self.TREE} 0 R/ViewerPreferences{preferences}>>".encode())
        fonts = f"<</Font<</F {self.FONT} 0 R>>>>"
        self._put(self.TREE, f"<</Type/Pages/Count {len(leaves)}/Resources{fonts}/Kids[{kids}]>>".encode())
        self._embed()
        return self._file()

    def _content(self, page: Page) -> bytes:
        marks = [
            *(_line(line, page.height) for line in page.lines),
            *(_code(code, page.height) for one in page.codes for code in one.symbols),
            *(_stamp(stamp, page.height) for one in page.codes for stamp in one.stamps),
            "BT",
            *(self._words(words, page.height) for words in page.words),
            "ET",
        ]
        return "\n".join(marks).encode()

    def _words(self, words: Words, height: float) -> str:
        self._used.update(words.text)
        cids = "".join(f"{self._font.cids[char]:04x}" for char in words.text)
        x, y = words.x * POINT, (height - words.y) * POINT
        return f"/F {words.size * POINT:.2f} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{cids}> Tj"

    def _embed(self) -> None:
        chars = sorted(self._used | {" "})
        info = "<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        name, widths = "/MSPAAA+NotoSansCJKsc-Regular", self._font.widths
        wide = " ".join(f"{self._font.cids[char]}[{widths[char]}]" for char in chars if widths[char] != 1000)
        box = " ".join(map(str, self._font.box))
        self._put(
            self.FONT,
            f"<</Type/Font/Subtype/Type0/BaseFont{name}/Encoding/Identity-H"
            f"/DescendantFonts[{self.OUTLINED} 0 R]/ToUnicode {self.NAMES} 0 R>>".encode(),
        )
        self._put(
            self.OUTLINED,
            f"<</Type/Font/Subtype/CIDFontType0/BaseFont{name}/CIDSystemInfo{info}"
            f"/FontDescriptor {self.DESCRIPTOR} 0 R/DW 1000/W[{wide}]>>".encode(),
        )
        self._put(
            self.DESCRIPTOR,
            f"<</Type/FontDescriptor/FontName{name}/Flags 4/FontBBox[{box}]/ItalicAngle 0/StemV 80/CapHeight 733"
            f"/Ascent {self._font.ascent}/Descent {self._font.descent}/FontFile3 {self.OUTLINES} 0 R>>".encode(),
        )
        self._stream(self.OUTLINES, self._font.outlines(chars), "/Subtype/CIDFontType0C")
        self._stream(self.NAMES, self._names(chars), "")

    def _names(self, chars: list[str]) -> bytes:
        """Which character each outline stands for, so that the text can be searched and copied."""
        named = [f"<{self._font.cids[char]:04x}> <{char.encode('utf-16-be').hex()}>" for char in chars]
        blocks = [named[begin : begin + 100] for begin in range(0, len(named), 100)]
        text = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        return _CMAP.format(blocks=text).encode()

    def _put(self, number: int, content: bytes) -> None:
        self._objects[number] = b"%d 0 obj\n%b\nendobj\n" % (number, content)

    def _stream(self, number: int, content: bytes, kind: str) -> None:
        packed = zlib.compress(content, 6)
        head = f"<</Filter/FlateDecode/Length {len(packed)}{kind}>>".encode()
        self._put(number, head + b"\nstream\n" + packed + b"\nendstream")

    def _file(self) -> bytes:
        parts, places, end = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"], [], 15
        for number in sorted(self._objects):
            content = self._objects.pop(number)
            parts.append(content)
            places.append(b"%010d 00000 n \n" % end)
            end += len(content)
        count = len(places) + 1
        parts += [b"xref\n0 %d\n0000000000 65535 f \n" % count, *places]
        parts.append(b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, self.CATALOGUE, end))
        return b"".join(parts)


def _line(line: Line, height: float) -> str:
    begin = f"{line.x * POINT:.2f} {(height - line.y) * POINT:.2f} m"
    end = f"{line.to_x * POINT:.2f} {(height - line.to_y) * POINT:.2f} l"
    return f"{_HAIRLINE} w {begin} {end} S"


def _code(code: Code, height: float) -> str:
    """Only the dark modules are painted; hexadecimal digits cannot contain the image's end."""
    modules = code.symbol.side
    spare = -modules % 8
    rows = "".join(f"{row << spare:0{(modules + spare) // 4}x}" for row in code.symbol.rows())
    drawn = _mask(_square(code, QUIET_ZONE, modules, height), modules, rows)
    if code.logo is None:
        return drawn
    box = _square(code, *code.covered, height)
    return f"{drawn}\nq 1 g {box} cm 0 0 1 1 re f Q\n{_mask(box, code.logo.side, code.logo.bits.hex())}"


def _stamp(stamp: Stamp, height: float) -> str:
    side, x, y = stamp.side * POINT, stamp.x * POINT, (height - stamp.y - stamp.side) * POINT
    return _mask(f"{side:.3f} 0 0 {side:.3f} {x:.3f} {y:.3f}", stamp.picture.side, stamp.picture.bits.hex())


def _square(code: Code, first: int, count: int, height: float) -> str:
    """The matrix of a square of modules, by the first of them in each direction."""
    side, inset = count * code.module, first * code.module
    x, y = (code.x + inset) * POINT, (height - code.y - inset - side) * POINT
    return f"{side * POINT:.3f} 0 0 {side * POINT:.3f} {x:.3f} {y:.3f}"


def _mask(box: str, side: int, rows: str) -> str:
    return f"q {box} cm BI/W {side}/H {side}/IM true/D[1 0]/F/AHx ID\n{rows}>\nEI Q"
