"""The back of a slip: five equal boxes, nothing ticked, everything on the paper."""

from itertools import pairwise

import pypdfium2
import pytest

from qr.font import font
from qr.pdf import pdf
from qr.sheet import LAYOUTS, Page
from qr.slip_back import Back, back

SINGLE = [name for name, layout in LAYOUTS.items() if layout.cells == 1]
TOLD = Back(
    "没有手机？请在一个方框里打勾",
    "空白单 B-000123",
    ("非常满意", "满意", "基本满意", "不满意", "非常不满意"),
    ("日期", "签名"),
    ("请投入医院评价箱，或交给信息科监督员，", "不要交给工程师。工程师看不到您的评价。"),
)


@pytest.mark.parametrize("name", SINGLE)
def test_all_of_it_is_on_the_paper_and_can_be_read(name: str) -> None:
    layout = LAYOUTS[name]
    page = back(TOLD, layout)
    assert (page.width, page.height) == (layout.width, layout.height)
    for words in page.words:
        assert words.size >= 2, words.text
        assert layout.inset <= words.x
        assert words.x + font().width(words.text) * words.size <= layout.width - layout.inset + 0.01
        assert layout.inset < words.y < layout.height - layout.inset
    for line in page.lines:
        assert layout.inset <= min(line.x, line.to_x) <= max(line.x, line.to_x) <= layout.width - layout.inset + 0.01


def test_the_five_boxes_are_equal_and_so_are_their_words() -> None:
    page = back(TOLD, LAYOUTS["slip58"])
    boxes = [page.lines[first : first + 4] for first in range(0, 20, 4)]
    assert {round(box[0].to_x - box[0].x, 6) for box in boxes} == {round(_side(page), 6)}
    assert len({round(box[0].x, 6) for box in boxes}) == 1
    sizes = {words.size for words in page.words if words.text in TOLD.choices}
    assert len(sizes) == 1
    gaps = {round(low[0].y - high[0].y, 6) for high, low in pairwise(boxes)}
    assert len(gaps) == 1


def test_nothing_is_drawn_inside_a_box() -> None:
    page = back(TOLD, LAYOUTS["a6"])
    scale = 8
    seen = pypdfium2.PdfDocument(pdf([page]))[0].render(scale=scale).to_pil().convert("L")
    for first in range(0, 20, 4):
        top = page.lines[first]
        inner = [
            value * scale * 72 / 25.4 for value in (top.x + 0.5, top.y + 0.5, top.to_x - 0.5, top.y + _side(page) - 0.5)
        ]
        assert seen.crop([round(value) for value in inner]).getextrema() == (255, 255)


def _side(page: Page) -> float:
    return page.lines[0].to_x - page.lines[0].x
