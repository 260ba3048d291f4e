"""A mini-program's code on paper: instead of the symbol or beside it, in PDF, PNG and SVG, still readable."""

from dataclasses import replace
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image

from qr import png, symbol
from qr.card import Card, TooSmall
from qr.logo import Logo
from qr.matrix import symbol as matrix
from qr.mini_code import BadPicture, Mini, read
from qr.pdf import pdf
from qr.sheet import LAYOUTS, Page, pages
from qr.svg import svg
from tests.qr.scanning import card
from tests.support.codes import read_codes

SCENE = "pages/rate/index?scene=AAAAAAAB04ZpddJaRdgbaA"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("name", ["slip58", "slip80", "a6", "a5"])
def test_instead_of_the_symbol_it_alone_is_read(kind: str, name: str) -> None:
    page = paged(Mini(drawn(kind), beside=False), name)
    assert seen_in_pdf(page) == seen_in_png(page) == {SCENE}
    assert svg(page).count("<image") == 1


@pytest.mark.parametrize("name", ["slip58", "slip80", "a6", "a5"])
def test_beside_the_symbol_both_are_read(name: str) -> None:
    page = paged(Mini(drawn(), beside=True), name)
    assert seen_in_pdf(page) == seen_in_png(page) == {SCENE, card(1).address}
    assert svg(page).count("<image") == 1
    (code,) = page.codes
    assert all(one.module >= 0.33 for one in code.symbols)


def test_where_both_would_be_too_small_neither_is_printed() -> None:
    with pytest.raises(TooSmall):
        paged(Mini(drawn(), beside=True), "labels")


def test_a_card_without_one_is_printed_as_ever() -> None:
    (page,) = pages([card(1)], LAYOUTS["slip58"])
    (code,) = page.codes
    assert (code.symbols, code.stamps) == ((code,), ())


def test_a_picture_that_is_not_square_stands_in_the_middle_of_one() -> None:
    flat = Image.new("L", (100, 40), 0)
    flat.save(out := BytesIO(), "PNG")
    logo = read(out.getvalue())
    assert logo.side == 100
    assert [logo.image.getpixel((50, y)) for y in (10, 50, 90)] == [255, 0, 255]


def test_what_is_no_picture_or_too_large_is_refused() -> None:
    Image.new("L", (1281, 8)).save(large := BytesIO(), "PNG")
    Image.new("L", (8, 8)).save(gif := BytesIO(), "GIF")
    for data in (b"", b"<html>", large.getvalue(), gif.getvalue(), drawn_bytes("JPEG")[:200]):
        with pytest.raises(BadPicture):
            read(data)


def drawn_bytes(kind: str) -> bytes:
    seen = symbol.picture(matrix(SCENE, "M"), 10).convert("L").resize((430, 430))
    seen.save(out := BytesIO(), kind)
    return out.getvalue()


def drawn(kind: str = "JPEG") -> Logo:
    return read(drawn_bytes(kind))


def paged(mini: Mini, name: str) -> Page:
    with_it: Card = replace(card(1), mini=mini)
    (page,) = pages([with_it], LAYOUTS[name])
    return page


def seen_in_pdf(page: Page) -> set[str]:
    return texts(pypdfium2.PdfDocument(pdf([page]))[0].render(scale=4).to_pil())


def seen_in_png(page: Page) -> set[str]:
    return texts(Image.open(BytesIO(png.png(page, dpi=300))).convert("L"))


def texts(seen: Image.Image) -> set[str]:
    return {found.text for found in read_codes(seen)}
