"""A page as a 1-bit PNG, for printers that take pictures: every module whole pixels, no grey."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from qr import symbol
from qr.card import QUIET_ZONE, Code, Words
from qr.font import PATH, SIMPLIFIED, font
from qr.sheet import Page

INCH = 25.4
_BLACK, _WHITE = 0, 255


class TooCoarse(ValueError):
    """Fewer pixels than the code has modules."""


def png(page: Page, *, dpi: int = 300) -> bytes:
    dots = dpi / INCH
    image = Image.new("L", (round(page.width * dots), round(page.height * dots)), _WHITE)
    draw = ImageDraw.Draw(image)
    for line in page.lines:
        draw.line((line.x * dots, line.y * dots, line.to_x * dots, line.to_y * dots), fill=_BLACK)
    for words in page.words:
        _write(draw, words, dots)
    # After the words are made black and white, so that no threshold touches a module.
    image = image.point(lambda value: _WHITE if value > 140 else _BLACK).convert("1")
    for code in page.codes:
        for drawn in code.symbols:
            _paste(image, drawn, dots)
        for stamp in code.stamps:
            grey = stamp.picture.image.convert("L").resize((round(stamp.side * dots),) * 2)
            picture = grey.point(lambda value: _WHITE if value > 127 else _BLACK).convert("1")
            image.paste(picture, (round(stamp.x * dots), round(stamp.y * dots)))
    image.save(out := BytesIO(), "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _write(draw: ImageDraw.ImageDraw, words: Words, dots: float) -> None:
    """Each character where it was measured to stand, whatever the rasterizer would round its width to."""
    face, x = _face(round(words.size * dots, 1)), words.x
    for char in words.text:
        draw.text((x * dots, words.y * dots), char, fill=_BLACK, font=face, anchor="ls")
        x += font().width(char) * words.size


def _paste(image: Image.Image, code: Code, dots: float) -> None:
    modules = code.symbol.side + 2 * QUIET_ZONE
    pixels = int(code.side * dots / modules)
    if not pixels:
        raise TooCoarse
    spare = (code.side * dots - pixels * modules) / 2
    left, top = round(code.x * dots + spare), round(code.y * dots + spare)
    image.paste(symbol.picture(code.symbol, pixels), (left, top))
    if code.logo:
        first, count = code.covered
        sign = code.logo.image.resize((count * pixels,) * 2, Image.Resampling.NEAREST)
        image.paste(sign, (left + first * pixels, top + first * pixels))


@lru_cache(64)
def _face(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(PATH, size, index=SIMPLIFIED)
