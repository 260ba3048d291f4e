"""A hospital's sign in the middle of a code: black and white, within what the code's correction can spare."""

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from qr.matrix import Level

LARGEST = 64 * 1024  # bytes of the file
PIXELS = 96  # to which a sign is reduced; more cannot be seen at this size
SHARE = 0.17  # of a symbol's side
SPARING: frozenset[Level] = frozenset({"Q", "H"})


class BadLogo(ValueError):
    """`code` says why this file is no logo: not_png or too_large."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoMargin(ValueError):
    """At this error level nothing may lie on a code."""


@dataclass(frozen=True)
class Logo:
    """A square of `side` pixels, a one for each black pixel, rows filled up to whole bytes."""

    side: int
    bits: bytes

    @cached_property
    def image(self) -> Image.Image:
        return Image.frombytes("1", (self.side, self.side), bytes(byte ^ 0xFF for byte in self.bits))

    @cached_property
    def png(self) -> bytes:
        self.image.save(out := BytesIO(), "PNG")
        return out.getvalue()


def read(data: bytes) -> Logo:
    """From a PNG; what is transparent is white. Raises BadLogo."""
    if len(data) > LARGEST:
        raise BadLogo("too_large")
    try:
        with Image.open(BytesIO(data), formats=["PNG"]) as opened:
            if max(opened.size) > 2048:
                raise BadLogo("too_large")
            seen = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise error if isinstance(error, BadLogo) else BadLogo("not_png") from error
    side = max(seen.size)
    white = Image.new("RGBA", (side, side), "white")
    white.alpha_composite(seen, ((side - seen.width) // 2, (side - seen.height) // 2))
    grey = white.convert("L").resize((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    return Logo(PIXELS, grey.point(lambda value: 255 if value < 128 else 0).convert("1").tobytes())
