"""A QR symbol as a picture: address in, SVG or PNG out, quiet zone always."""

from base64 import b64encode
from io import BytesIO

from PIL import Image

from qr.card import QUIET_ZONE
from qr.matrix import Level, Symbol, symbol

ON_SCREEN: Level = "M"  # nothing lies on a screen's code, and larger modules are read from farther


def svg(address: str) -> bytes:
    """The symbol as a standalone SVG image, black on white whatever it is laid on and however dark the browser is.

    A browser that darkens pages by itself turns black modules white, and asks this element alone whether it may.
    """
    code = symbol(address, ON_SCREEN)
    side = code.side + 2 * QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" '
        f'style="color-scheme:only light">'
        f'<rect width="100%" height="100%" fill="white"/><path d="{outline(code)}"/></svg>'
    ).encode()


def outline(code: Symbol) -> str:
    """The dark modules inside their quiet zone as the path of an SVG, one module a unit."""
    runs = ((left + QUIET_ZONE, top + QUIET_ZONE, width) for left, top, width in code.runs())
    return "".join(f"M{left},{top}H{left + width}V{top + 1}H{left}z" for left, top, width in runs)


def data_address(address: str) -> str:
    """The SVG as an address of its own, for a page that shows the symbol to nobody else."""
    return f"data:image/svg+xml;base64,{b64encode(svg(address)).decode()}"


def png(address: str, *, module_pixels: int = 10) -> bytes:
    """The symbol as a 1-bit PNG, `module_pixels` pixels a module."""
    picture(symbol(address, ON_SCREEN), module_pixels).save(out := BytesIO(), "PNG")
    return out.getvalue()


def picture(code: Symbol, module_pixels: int) -> Image.Image:
    """The symbol in its quiet zone, black and white and nothing between."""
    spare = -code.side % 8
    light = (~row & (1 << code.side) - 1 for row in code.rows())
    packed = b"".join((row << spare).to_bytes((code.side + spare) // 8, "big") for row in light)
    image = Image.new("1", (code.side + 2 * QUIET_ZONE,) * 2, 1)
    image.paste(Image.frombytes("1", (code.side, code.side), packed), (QUIET_ZONE, QUIET_ZONE))
    return image.resize((image.width * module_pixels,) * 2, Image.Resampling.NEAREST)
