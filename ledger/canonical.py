"""One way only to write a value as JSON (RFC 8785), so that a leaf has one hash."""

import math
from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring

SAFE = 2**53 - 1  # what every reader of JSON can tell from its neighbours


def canonical(value: object) -> bytes:
    """Raises ValueError for what JSON cannot say alike everywhere: NaN, great integers, half a surrogate."""
    return _text(value).encode("utf-8")


def leaf(seq: int, event: Mapping[str, object]) -> bytes:
    """What is sealed of an event: its place in the history and its fields."""
    return canonical({"seq": seq, "event": event})


def _text(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > SAFE:
            raise ValueError(f"{value} is too great a number")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_text, value))}]"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_text(key)}:{_text(value[key])}' for key in sorted(value, key=_units))}}}"
    raise ValueError(f"{type(value).__name__} is no JSON")


def _units(key: object) -> bytes:
    """Keys are ordered by their UTF-16 units, not by their characters."""
    if not isinstance(key, str):
        raise ValueError("a key is a text")
    return key.encode("utf-16-be")


def _number(value: float) -> str:
    """As ECMAScript writes it."""
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    sign, figures, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits, point = "".join(map(str, figures)), len(figures) + int(exponent)
    if value == 0:
        return "0"
    minus = "-" if sign else ""
    if len(digits) <= point <= 21:
        return f"{minus}{digits}{'0' * (point - len(digits))}"
    if 0 < point <= 21:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if digits[1:] else ""
    return f"{minus}{digits[0]}{rest}e{point - 1:+d}"
