"""The guard of everything that is written for a spreadsheet, as CSV or XLSX: no value of others is run as a formula."""

import re
import unicodedata

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?%?", re.ASCII)
_SIGNS = ("=", "+", "-", "@", "\u2212")
_BLANKS = ("\t", "\r", "\n")


def guarded(value: str) -> str:
    """The value, behind an apostrophe where a spreadsheet would take it for a formula; a plain number stays one.

    Full-width signs count, and so do signs behind blanks and behind what nobody sees, such as a byte order mark.
    """
    if _NUMBER.fullmatch(value):
        return value
    start = next((place for place, letter in enumerate(value) if _shows(letter)), len(value))
    sign = unicodedata.normalize("NFKC", value[start : start + 1])
    return f"'{value}" if value.startswith(_BLANKS) or sign.startswith(_SIGNS) else value


def _shows(letter: str) -> bool:
    return not letter.isspace() and unicodedata.category(letter) not in {"Cf", "Cc"}
