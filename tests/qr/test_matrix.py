"""The fast matrix is the `qrcode` package's own, module for module."""

import secrets

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode import util

from qr.matrix import GREATEST_VERSION, LEVELS, Level, Symbol, TooLong, symbol
from qr.penalty import Penalty
from qr.token import sign


def theirs(text: str, level: Level) -> Symbol:
    code = qrcode.QRCode(error_correction=LEVELS[level])
    code.add_data(util.QRData(text.encode(), mode=4))
    code.make(fit=True)
    bits = "".join("1" if dark else "0" for row in code.modules for dark in row)
    return Symbol(code.version, code.best_mask_pattern(), int(bits, 2))


@pytest.mark.slow("the plain package makes every version")
@pytest.mark.parametrize("level", LEVELS)
def test_every_version_is_the_same_symbol(level: Level) -> None:
    seen = set()
    for length in (5, 20, 25, 35, 48, 62, 75, 95, 115, 140, 170, 210, 250):
        text = "h" + secrets.token_urlsafe(length)[: length - 1]
        try:
            ours = symbol(text, level)
        except TooLong:
            continue
        assert ours == theirs(text, level)
        seen.add(ours.version)
    assert max(seen) >= 9


@pytest.mark.parametrize("level", LEVELS)
def test_addresses_are_the_same_symbol_mask_included(level: Level) -> None:
    masks = set()
    for number in range(20, 40):  # always the same: of any twenty some have few masks
        address = f"https://pj.hospital.cn/r/{sign(number, purpose='ticket', keys=['k' * 32])}"
        ours = symbol(address, level)
        assert ours == theirs(address, level), number
        masks.add(ours.mask)
    assert len(masks) > 3


@settings(max_examples=50, deadline=None)  # the first of a version makes its tables
@given(st.text(min_size=1, max_size=30))
def test_any_text_is_the_same_symbol(text: str) -> None:
    assert symbol(text, "Q") == theirs(text, "Q")


@settings(deadline=None)
@given(st.integers(21, 41), st.data())
def test_a_penalty_is_counted_as_qrcode_counts_it(side: int, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, (1 << side) - 1), min_size=side, max_size=side))
    modules: list[list[bool | None]] = [[row >> column & 1 == 1 for column in range(side)] for row in rows]
    assert Penalty(side).total(sum(row << n * side for n, row in enumerate(rows))) == util.lost_point(modules)


def test_the_smallest_symbol_that_holds_an_address_is_taken() -> None:
    address = "https://pj.hospital.cn/r/AAAAAAAB1NFRMomt0hTjTQ"
    assert [symbol(address, level).version for level in LEVELS] == [3, 4, 5, 6]


@pytest.mark.slow("the tables of the greatest version are made")
def test_more_than_the_greatest_symbol_holds_is_refused() -> None:
    assert symbol("x" * 271, "L").version == GREATEST_VERSION
    with pytest.raises(TooLong):
        symbol("x" * 272, "L")


def test_rows_and_runs_tell_the_same_picture() -> None:
    code = symbol("https://x.cn/r/" + "_" * 22, "Q")
    rows = [f"{row:0{code.side}b}" for row in code.rows()]
    drawn = [["0"] * code.side for _ in rows]
    for left, top, width in code.runs():
        drawn[top][left : left + width] = "1" * width
    assert ["".join(row) for row in drawn] == rows
    assert rows[0].startswith("11111110")
    assert rows[0].endswith("01111111")
    assert rows[-1].startswith("11111110")
    assert rows[6][7:-7] == "01" * (len(rows[6][7:-7]) // 2) + "0"
