"""A QR symbol as a picture: address in, SVG or PNG out, quiet zone always."""

from base64 import b64encode
from io import BytesIO

import qrcode
import qrcode.constants
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage

QUIET_ZONE = 4  # modules, ISO/IEC 18004


def svg(address: str) -> bytes:
    """The symbol as a standalone SVG image, on white whatever it is laid on."""
    return _save(address, SvgPathFillImage)


def data_address(address: str) -> str:
    """The SVG as an address of its own, for a page that shows the symbol to nobody else."""
    return f"data:image/svg+xml;base64,{b64encode(svg(address)).decode()}"


def png(address: str, *, module_pixels: int = 10) -> bytes:
    """The symbol as a PNG, `module_pixels` pixels a module."""
    return _save(address, PilImage, module_pixels)


def _save(address: str, factory: type[SvgPathFillImage] | type[PilImage], module_pixels: int = 10) -> bytes:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=module_pixels, border=QUIET_ZONE)
    code.add_data(address, optimize=0)
    out = BytesIO()
    code.make_image(image_factory=factory).save(out)
    return out.getvalue()
