"""Values made to fit the field types of WeChat's templates, which refuses all others with 47003."""

import re
import unicodedata
from collections.abc import Callable, Mapping

_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_DAY = r"\d{4}年(?:1[0-2]|0?[1-9])月(?:3[01]|[12]\d|0?[1-9])日"
_HAN = r"[㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff〇]"


def fit(kind: str, value: str) -> str | None:
    """The value as WeChat takes it, or None. `kind` may be a field's name with its number, as `thing2`."""
    rule = _RULES.get(kind_of(kind))
    if rule is None:
        raise ValueError(f"unknown field type {kind}")
    text = _plain(value)
    return rule(text) if text else None


def kind_of(name: str) -> str:
    return name.rstrip("0123456789")


def cut_bytes(text: str, limit: int) -> str:
    """For WeCom, which counts bytes; no character is cut in two."""
    content = text.encode()
    if len(content) <= limit:
        return text
    return content[: limit - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def _plain(value: str) -> str:
    kept = "".join(_kept(character) for character in unicodedata.normalize("NFC", value))
    return " ".join(kept.split())


def _kept(character: str) -> str:
    category, code = unicodedata.category(character), ord(character)
    if category in {"Cc", "Zl", "Zp", "Zs"}:
        return " "
    # Rare Han, which an older Python takes for unassigned, and ℃, № or ㎡, which are symbols like emoji.
    if 0x20000 <= code < 0x40000 or (category == "So" and (code < 0x2300 or 0x3200 <= code < 0x3400)):
        return character
    joiner_or_colour = 0xFE00 <= code <= 0xFE0F or code >= 0x1F000
    return "" if category in {"Cf", "Cn", "Co", "Cs", "Me", "So"} or joiner_or_colour else character


def _cut(text: str, limit: int, mark: str = "…") -> str:
    return text if len(text) <= limit else text[: limit - len(mark)].rstrip() + mark


def _matching(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: text if compiled.fullmatch(text) else None


def _thing_text(text: str) -> str:
    return _cut(text, 20)


def _character_string(text: str) -> str | None:
    return _cut(text, 32, "...") if text.isascii() else None


def _number(text: str) -> str | None:
    plain = re.fullmatch(r"[+-]?\d+(\.\d+)?", text, re.ASCII)
    return text if plain and sum(map(str.isdigit, text)) <= 32 else None


def _symbol(text: str) -> str | None:
    only = all(unicodedata.category(character)[0] in "PS" for character in text)
    return text[:5] if only else None


def _amount(text: str) -> str | None:
    found = re.fullmatch(r"([¥￥$€£]?)(\d+(?:\.\d+)?)(元?)", text, re.ASCII)
    if not found or sum(map(str.isdigit, found[2])) > 10:
        return None
    return (found[1] or "¥") + found[2] + found[3]


def _name(text: str) -> str | None:
    if any(map(str.isdigit, text)):
        return None
    return _cut(text, 20, "...") if text.isascii() else _cut(text, 10)


def _as_given(text: str) -> str:
    return text


def _moment(form: str) -> Callable[[str], str | None]:
    one_or_range = re.compile(f"{form}(?: ?~ ?{form})?", re.ASCII)

    def rule(text: str) -> str | None:
        # A range needs the half-width sign; Chinese keyboards write the other one.
        written = re.sub(r"(\d{4})-(\d\d?)-(\d\d?)", _chinese_day, text.replace("～", "~"), flags=re.ASCII)
        return written if one_or_range.fullmatch(written) else None

    return rule


def _chinese_day(found: re.Match[str]) -> str:
    return f"{found[1]}年{int(found[2])}月{int(found[3])}日"


_RULES: Mapping[str, Callable[[str], str | None]] = {
    "thing": _thing_text,
    "number": _number,
    "letter": _matching("[A-Za-z]{1,32}"),
    "symbol": _symbol,
    "character_string": _character_string,
    "time": _moment(f"(?:{_DAY} )?{_CLOCK}"),
    "date": _moment(f"{_DAY}(?: {_CLOCK})?"),
    "amount": _amount,
    "phone_number": _matching(r"[0-9+()*# -]{1,17}"),
    "car_number": _matching(f"(?=.{{1,8}}$){_HAN}?[A-Za-z0-9]+{_HAN}?"),
    "name": _name,
    "phrase": _matching(f"{_HAN}{{1,5}}"),
    # What may stand here is registered with the template, so only WeChat can tell.
    "enum": _as_given,
    "const": _as_given,
}
KINDS = frozenset(_RULES)
