"""What is printed beside a code is measured first: nothing runs out of its cell, nothing is lost in silence."""

from dataclasses import replace
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from qr.card import LEAST_TEXT, QUIET_ZONE, Card, Note, Placed, TooSmall, place
from qr.font import NO_GLYPH, font, only, whole
from qr.sheet import LAYOUTS
from tests.qr.scanning import card

WIDE, TALL = (58, 28), (48, 82)
CELLS = [
    (name, layout.cell[0] - 2 * layout.inset, layout.cell[1] - 2 * layout.inset) for name, layout in LAYOUTS.items()
]
ODD = ["", "心内科" * 20, "W" * 60, "😀", "病区 😀 👨‍👩‍👧", "שלום", "‮مرحبا", "行\n二\t三", "龘䶮𠮷", "\x00", "é", "〓"]


@pytest.mark.parametrize(("width", "height"), [WIDE, TALL])
@pytest.mark.parametrize("said", ODD)
def test_whatever_a_department_is_called_stays_within_the_card(said: str, width: float, height: float) -> None:
    within(place(replace(card(1), lines=("工单 20261122001", said)), width, height, level="Q"), width, height)


@settings(max_examples=10, deadline=None)
@given(said=st.text(max_size=60), title=st.text(max_size=20), cell=st.sampled_from(CELLS))
def test_any_text_stays_within_any_layout(said: str, title: str, cell: tuple[str, float, float]) -> None:
    _, width, height = cell
    within(place(Card("https://x.cn/r/" + "_" * 22, title, (said,), "脚注"), width, height, level="Q"), width, height)


@pytest.mark.slow("the whole font is written")
def test_the_font_of_the_pages_has_the_same_signs_as_the_printed_one() -> None:
    with TTFont(BytesIO(whole())) as alone:
        assert {chr(code) for code in alone.getBestCmap()} == set(font().widths)
        assert "GPOS" not in alone


def test_a_font_of_a_few_characters_holds_them_and_is_small() -> None:
    with TTFont(BytesIO(made := only(["信息科", "信任"]))) as alone:
        assert {chr(code) for code in alone.getBestCmap()} == set("信息科任")
    assert len(made) < 20_000


def test_a_name_of_sixty_characters_is_printed_whole() -> None:
    placed = place(replace(card(1), lines=("心内科" * 20,)), *TALL, level="Q")
    assert "心内科" * 20 in "".join(words.text for words in placed.words)
    assert placed.notes == ()


def test_an_emoji_and_a_foreign_script_leave_a_sign_and_a_note() -> None:
    placed = place(replace(card(1), lines=("病区😀", "שלום")), *TALL, level="Q")
    assert placed.notes == (Note("病区😀", f"病区{NO_GLYPH}"), Note("שלום", NO_GLYPH * 4))


def test_what_cannot_be_seen_at_all_is_noted_too() -> None:
    assert place(replace(card(1), lines=("药房\u202e",)), *TALL, level="Q").notes == (Note("药房\u202e", "药房"),)


def test_an_empty_department_leaves_no_gap() -> None:
    without = place(replace(card(1), lines=("工单 1", "热线 2")), *TALL, level="Q")
    assert place(replace(card(1), lines=("工单 1", "", " ", "热线 2")), *TALL, level="Q") == without


def test_a_text_too_long_for_the_cell_ends_in_dots_and_is_noted() -> None:
    said = "很长的名字" * 60
    placed = place(replace(card(1), lines=("工单 1", said)), *WIDE, level="Q")
    within(placed, *WIDE)
    (note,) = placed.notes
    assert note.text == said
    assert note.printed.endswith("…")
    assert "工单 1" in {words.text for words in placed.words}


@pytest.mark.parametrize("cell", [(12, 4), (4, 12), (2, 1), (30, 8)])
def test_a_cell_without_room_for_the_words_is_refused(cell: tuple[float, float]) -> None:
    with pytest.raises(TooSmall):
        place(card(1), *cell, level="Q")


def within(placed: Placed, width: float, height: float) -> None:
    code, slack = placed.code, 1e-6
    assert code.x >= 0
    assert code.y >= -slack
    assert code.x + code.side <= width + slack
    assert code.y + code.side <= height + slack
    quiet = QUIET_ZONE * code.module
    left, right = code.x + quiet, code.x + code.side - quiet
    top, bottom = code.y + quiet, code.y + code.side - quiet
    baselines = []
    for words in placed.words:
        assert set(words.text) <= set(font().cids), "no box in place of a character"
        assert words.size >= LEAST_TEXT - slack or len(words.text) == 1
        end = words.x + font().width(words.text) * words.size
        assert -slack <= words.x
        assert end <= width + slack
        above, below = words.y - 0.88 * words.size, words.y + 0.4 * words.size
        assert above >= -slack
        assert below <= height + slack
        assert end <= left or words.x >= right or below <= top or above >= bottom, "words on the symbol"
        baselines.append(words.y)
    assert baselines == sorted(baselines)
