"""One way to write JSON: the examples of RFC 8785 and what it refuses."""

import json
import math
from typing import Any

import pytest

from ledger.canonical import SAFE, canonical, leaf

NUMBERS = {
    1.0: "1",
    -1.5: "-1.5",
    5e-324: "5e-324",
    -5e-324: "-5e-324",
    1.7976931348623157e308: "1.7976931348623157e+308",
    9007199254740992.0: "9007199254740992",
    295147905179352830000.0: "295147905179352830000",
    999999999999999700000.0: "999999999999999700000",
    1e21: "1e+21",
    9.999999999999997e22: "9.999999999999997e+22",
    1e23: "1e+23",
    1.0000000000000001e23: "1.0000000000000001e+23",
    0.000001: "0.000001",
    9.999999999999997e-7: "9.999999999999997e-7",
    1e-7: "1e-7",
    333333333.33333325: "333333333.33333325",
    1424953923781206.2: "1424953923781206.2",
    4.5: "4.5",
    0.002: "0.002",
    1e30: "1e+30",
    1e-27: "1e-27",
}


@pytest.mark.parametrize(("value", "text"), NUMBERS.items())
def test_a_number_is_written_as_in_the_browser(value: float, text: str) -> None:
    assert canonical(value) == text.encode()


def test_nothing_has_no_sign() -> None:
    assert (canonical(0.0), canonical(-0.0), canonical(0)) == (b"0", b"0", b"0")


def test_the_example_of_the_rfc() -> None:
    given = r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    expected = (
        r"""{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"""
        r""""string":"€$\u000f\nA'B\"\\\\\"/"}"""
    )
    assert canonical(json.loads(given)).decode() == expected


def test_keys_are_in_the_order_of_their_utf_16_units() -> None:
    keys = ["€", "\r", "\ufb33", "1", "😀", "\u0080", "ö"]
    assert list(json.loads(canonical(dict.fromkeys(keys)))) == ["\r", "1", "\u0080", "ö", "€", "😀", "\ufb33"]


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, SAFE + 1, -SAFE - 1, "\ud800", {"\udfff": 1}, {1: 2}, {1, 2}, b"x", [object()]],
)
def test_what_cannot_be_said_in_one_way_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"number|surrogates|is no JSON|a key is"):
        canonical(value)


def test_a_leaf_is_the_number_and_the_event() -> None:
    event = {"kind": "rated", "data": {"level": 5, "codes": ["b", "a"]}, "actor": None}
    assert leaf(SAFE, event) == (
        b'{"event":{"actor":null,"data":{"codes":["b","a"],"level":5},"kind":"rated"},"seq":9007199254740991}'
    )
