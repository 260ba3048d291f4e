"""A mini-program's own code, as WeChat drew it, in black and white: on paper instead of our symbol, or beside it."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from qr.logo import Logo

LARGEST_SIDE = 1280  # WeChat draws none larger


class BadPicture(ValueError):
    """Not a picture WeChat would send."""


@dataclass(frozen=True)
class Mini:
    picture: Logo
    beside: bool


@dataclass(frozen=True)
class Stamp:
    """A picture in a square."""

    x: float
    y: float
    side: float
    picture: Logo


def read(data: bytes) -> Logo:
    """From the JPEG or PNG of WeChat; its own margin is its quiet zone. Raises BadPicture."""
    try:
        with Image.open(BytesIO(data), formats=["JPEG", "PNG"]) as opened:
            if max(opened.size) > LARGEST_SIDE:
                raise BadPicture
            grey = opened.convert("L")
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadPicture from error
    side = max(grey.size)
    square = Image.new("L", (side, side), 255)
    square.paste(grey, ((side - grey.width) // 2, (side - grey.height) // 2))
    return Logo(side, square.point(lambda value: 255 if value < 128 else 0).convert("1").tobytes())
