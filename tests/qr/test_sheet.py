"""Paper: true size, every position, PDF and PNG of one and the same page."""

import re
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from qr import png
from qr.card import TooSmall
from qr.logo import Logo
from qr.mini_code import Mini
from qr.pdf import pdf
from qr.png import TooCoarse
from qr.sheet import LAYOUTS, Layout, Page, pages
from qr.svg import svg
from tests.qr.scanning import by_wechat, card
from tests.support.codes import read_codes

PAPER = {"slip58": 58, "slip80": 80, "a6": 105, "a5": 148, "poster": 210, "poster-a3": 297, "labels": 210}
LABELS = LAYOUTS["labels"]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_page_is_as_large_as_the_paper(name: str) -> None:
    document = pypdfium2.PdfDocument(pdf(pages([card(1)], LAYOUTS[name])))
    width, height = document[0].get_size()
    assert width == pytest.approx(PAPER[name] * 72 / 25.4, abs=0.01)
    assert height == pytest.approx(LAYOUTS[name].height * 72 / 25.4, abs=0.01)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_code_on_the_paper_is_as_large_as_said(name: str) -> None:
    """Measured on the rendered page, from the first dark module of the finders to the last."""
    (page,) = pages([card(1)], LAYOUTS[name])
    (code,) = page.codes
    dpi = 600 if page.width < 100 else 300
    seen = drawn(pdf([page]), dpi)
    (found,) = read_codes(seen)
    corners = found.position
    side = (corners.top_right.x - corners.top_left.x) / dpi * 25.4
    assert side == pytest.approx(code.module * code.symbol.side, abs=3 * code.module / 2)
    assert code.module >= 0.33


def test_a_module_on_the_narrow_slip_is_well_above_a_third_of_a_millimetre() -> None:
    (page,) = pages([card(1)], LAYOUTS["slip58"])
    assert page.codes[0].module > 0.8


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_page_is_read_by_both_decoders_as_pdf_and_as_png(name: str) -> None:
    (page,) = pages([card(7)], LAYOUTS[name])
    dpi = 130 if page.width > 200 else 203
    for seen in (drawn(pdf([page]), dpi), image(page, dpi)):
        assert [found.text for found in read_codes(seen)] == [card(7).address]
        assert list(by_wechat(np.array(seen))) == [card(7).address]


def test_a_sheet_begins_at_the_position_that_is_still_free() -> None:
    first, second = pages(map(card, range(10)), LABELS, start=17)
    assert [len(first.codes), len(second.codes)] == [8, 2]
    right, down = LABELS.cell  # position 17 is the second in the sixth row
    assert first.codes[0].x == pytest.approx(second.codes[0].x + right)
    assert first.codes[0].y == pytest.approx(second.codes[0].y + 5 * down)
    read = [found.text for found in read_codes(drawn(pdf([first]), 200))]
    assert sorted(read) == sorted(card(number).address for number in range(8))


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 5), (3, 7), (4, 10)])
def test_any_grid_is_filled_and_every_code_is_read(columns: int, rows: int) -> None:
    layout = LABELS.grid(columns, rows)
    (page,) = pages(map(card, range(columns * rows)), layout, cut_marks=True)
    assert len(page.lines) == 2 * (columns + 1) * (rows + 1)
    read = {found.text for found in read_codes(drawn(pdf([page]), 300))}
    assert read == {card(number).address for number in range(columns * rows)}
    assert read == {found.text for found in read_codes(image(page, 300))}


@pytest.mark.parametrize(("columns", "rows"), [(20, 1), (4, 16), (1, 20), (10, 2)])
def test_a_grid_whose_modules_would_be_too_fine_is_refused(columns: int, rows: int) -> None:
    for one in (card(1), replace(card(1), mini=Mini(Logo(8, bytes(8)), beside=False))):
        with pytest.raises(TooSmall):
            list(pages([one], LABELS.grid(columns, rows)))


@settings(deadline=None)
@given(columns=st.integers(1, 20), rows=st.integers(1, 40))
def test_a_grid_that_is_printed_has_modules_of_a_third_of_a_millimetre(columns: int, rows: int) -> None:
    try:
        (page,) = pages([card(1)], LABELS.grid(columns, rows))
    except TooSmall:
        return
    assert page.codes[0].module >= 0.33


def test_no_cards_make_no_pages() -> None:
    assert list(pages([], LABELS)) == []


def test_the_text_of_a_slip_can_be_searched_and_its_font_is_a_small_part() -> None:
    data = pdf(pages(map(card, range(3)), LAYOUTS["slip58"]))
    document = pypdfium2.PdfDocument(data)
    assert len(document) == 3
    text = document[2].get_textpage().get_text_bounded()
    assert text.splitlines() == [card(2).title, *card(2).lines, card(2).foot]
    assert len(data) < 30_000


def test_the_viewer_is_asked_not_to_scale() -> None:
    assert b"/PrintScaling/None" in pdf(pages([card(1)], LAYOUTS["a6"]))


def test_a_picture_has_no_grey_and_knows_its_size() -> None:
    (page,) = pages([card(1)], LAYOUTS["slip80"])
    seen = Image.open(BytesIO(png.png(page, dpi=203)))
    assert seen.mode == "1"
    assert seen.size == (round(80 / 25.4 * 203), round(112 / 25.4 * 203))
    assert seen.info["dpi"][0] == pytest.approx(203, abs=0.1)


def test_a_picture_too_coarse_for_its_modules_is_refused() -> None:
    (page,) = pages([card(1)], LAYOUTS["slip58"])
    with pytest.raises(TooCoarse):
        png.png(page, dpi=20)


def test_pdf_and_png_show_the_same_page() -> None:
    (page,) = pages([card(3)], Layout(90, 60, 4))
    ours, theirs = image(page, 150).convert("L"), drawn(pdf([page]), 150)
    blurred = [one.resize((45, 30), Image.Resampling.BOX).tobytes() for one in (ours, theirs)]
    assert max(abs(a - b) for a, b in zip(*blurred, strict=True)) < 100


@pytest.mark.parametrize("name", ["slip58", "labels"])
def test_a_page_for_the_browser_has_the_paper_s_size_and_every_module_in_its_place(name: str) -> None:
    (page,) = pages([card(1), card(2)][: LAYOUTS[name].cells], LAYOUTS[name], cut_marks=True)
    root = ElementTree.fromstring(svg(page))
    assert (root.get("width"), root.get("height")) == (f"{page.width:g}mm", f"{page.height:g}mm")
    image = Image.new("L", (round(page.width * 20), round(page.height * 20)), 255)
    for part in root.iter("{http://www.w3.org/2000/svg}path"):
        place = re.findall(r"[\d.]+", part.get("transform") or "")
        if not place:
            assert part.get("stroke") == "black"
            continue
        left, top, module = (float(number) * 2 for number in place)
        for at in re.findall(r"M(\d+),(\d+)H(\d+)V(\d+)H\1z", part.attrib["d"]):
            x, y, to_x, to_y = (int(number) * module for number in at)
            image.paste(0, (round(left + x), round(top + y), round(left + to_x), round(top + to_y)))
    assert [found.text for found in read_codes(image)] == [
        card(number).address for number in range(1, 1 + len(page.codes))
    ]
    said = [part.text for part in root.iter("{http://www.w3.org/2000/svg}text")]
    assert said == [words.text for words in page.words]


def test_words_in_the_browser_are_held_to_their_width_and_cannot_become_marks() -> None:
    (page,) = pages([replace(card(1), lines=("<b>&",))], LAYOUTS["slip58"])
    root = ElementTree.fromstring(svg(page))
    found = {part.text: part for part in root.iter("{http://www.w3.org/2000/svg}text")}
    part = found["<b>&"]
    assert float(part.attrib["x"]) + float(part.attrib["textLength"]) / 2 == pytest.approx(290, abs=0.1)
    assert float(part.attrib["font-size"]) >= 12, "below it some browsers would take another size"


def drawn(data: bytes, dpi: int) -> Image.Image:
    seen: Image.Image = pypdfium2.PdfDocument(data)[0].render(scale=dpi / 72).to_pil()
    return seen.convert("L")


def image(page: Page, dpi: int) -> Image.Image:
    return Image.open(BytesIO(png.png(page, dpi=dpi))).convert("L")
