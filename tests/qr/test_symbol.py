"""The picture of a code: what is read from it is what was put in."""

import re
from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from qr.card import QUIET_ZONE
from qr.symbol import data_address, png, svg
from tests.support.codes import read_codes

ADDRESS = "https://pj.hospital.cn/r/AAAAAAAB1NFRMomt0hTjTQ"
ADDRESSES = [ADDRESS, "http://localhost:8000/w/AAAAAAAB1NFRMomt0hTjTQ", "https://x.cn/r/" + "_" * 22]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("module_pixels", [3, 10])
def test_a_png_is_read_as_the_address_it_was_made_for(address: str, module_pixels: int) -> None:
    assert read(picture(png(address, module_pixels=module_pixels))) == [address]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_svg_is_read_as_the_address_it_was_made_for(address: str) -> None:
    assert read(drawn(svg(address))) == [address]


def test_a_page_can_carry_the_picture_itself() -> None:
    kind, content = data_address(ADDRESS).split(",", 1)
    assert (kind, b64decode(content)) == ("data:image/svg+xml;base64", svg(ADDRESS))


def test_both_pictures_show_the_same_symbol() -> None:
    assert picture(png(ADDRESS, module_pixels=10)).tobytes() == drawn(svg(ADDRESS)).tobytes()


@pytest.mark.parametrize("drawing", ["png", "svg"])
def test_four_modules_around_the_symbol_are_white(drawing: str) -> None:
    image = picture(png(ADDRESS, module_pixels=10)) if drawing == "png" else drawn(svg(ADDRESS))
    dark = image.point(lambda value: 255 - value).getbbox()
    quiet = QUIET_ZONE * 10
    assert dark == (quiet, quiet, image.width - quiet, image.height - quiet)
    assert QUIET_ZONE >= 4


def test_an_svg_brings_its_own_white() -> None:
    """On a dark page a symbol without ground cannot be read."""
    background = ElementTree.fromstring(svg(ADDRESS))[0]
    assert background.tag.endswith("rect")
    assert (background.get("width"), background.get("height"), background.get("fill")) == ("100%", "100%", "white")


def read(image: Image.Image) -> list[str]:
    return [found.text for found in read_codes(image)]


def picture(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("L")


def drawn(data: bytes) -> Image.Image:
    """The SVG's squares painted at ten pixels a unit; anything else in it is not understood, and fails."""
    root = ElementTree.fromstring(data)
    side = int(root.attrib["viewBox"].split()[2])
    path = next(part for part in root if part.tag.endswith("path")).attrib["d"]
    square = r"M(\d+),(\d+)H(\d+)V(\d+)H\1z"
    assert re.fullmatch(f"({square.replace(chr(92) + '1', chr(92) + 'd+')})+", path)
    image = Image.new("L", (side * 10, side * 10), 255)
    for left, top, right, bottom in re.findall(square, path):
        image.paste(0, (int(left) * 10, int(top) * 10, int(right) * 10, int(bottom) * 10))
    return image
