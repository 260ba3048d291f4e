"""A page as SVG for a browser's print dialog: true size, codes as outlines, words as wide as they were measured."""

from base64 import b64encode
from xml.sax.saxutils import escape

from qr import symbol
from qr.card import Code, Words
from qr.mini_code import Stamp
from qr.sheet import Line, Page

# Units in a millimetre. Browsers set for Chinese draw no letter below 12 units, whatever a unit is.
_UNITS = 10


def svg(page: Page) -> str:
    marks = [*map(_line, page.lines), *(_whole(code) for code in page.codes), *map(_words, page.words)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {page.width * _UNITS:g} {page.height * _UNITS:g}" '
        f'width="{page.width:g}mm" height="{page.height:g}mm" lang="zh-CN">{"".join(marks)}</svg>'
    )


def _line(line: Line) -> str:
    return f'<path d="M{_at(line.x, line.y)}L{_at(line.to_x, line.to_y)}" stroke="black"/>'


def _whole(code: Code) -> str:
    return "".join([*map(_code, code.symbols), *map(_stamp, code.stamps)])


def _stamp(stamp: Stamp) -> str:
    side = f"{stamp.side * _UNITS:.2f}"
    picture = b64encode(stamp.picture.png).decode()
    x, y = stamp.x * _UNITS, stamp.y * _UNITS
    return f'<image x="{x:.2f}" y="{y:.2f}" width="{side}" height="{side}" href="data:image/png;base64,{picture}"/>'


def _code(code: Code) -> str:
    place = f"translate({_at(code.x, code.y)}) scale({code.module * _UNITS:.4f})"
    drawn = f'<path transform="{place}" d="{symbol.outline(code.symbol)}" shape-rendering="crispEdges"/>'
    if code.logo is None:
        return drawn
    first, count = code.covered
    picture = b64encode(code.logo.png).decode()
    box = f'transform="{place}" x="{first}" y="{first}" width="{count}" height="{count}"'
    return f'{drawn}<image {box} href="data:image/png;base64,{picture}"/>'


def _words(words: Words) -> str:
    # The browser's own font may be a little wider than ours: it is held to the place that was measured.
    return (
        f'<text x="{words.x * _UNITS:.2f}" y="{words.y * _UNITS:.2f}" font-size="{words.size * _UNITS:.2f}" '
        f'textLength="{words.width * _UNITS:.2f}" lengthAdjust="spacingAndGlyphs">{escape(words.text)}</text>'
    )


def _at(x: float, y: float) -> str:
    return f"{x * _UNITS:.2f},{y * _UNITS:.2f}"
