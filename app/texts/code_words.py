"""The words an entry of a draw is read by: one for each byte, so that a hall can hear and remember who won.

They are how an entry is shown, never part of what is computed or signed: the bytes decide. The list (a line for each
byte, Chinese and English) is fixed for good, else a receipt printed last year would read differently today; so it is
no part of the catalogue.
"""

from pathlib import Path

SHOWN_BYTES = 4
_LIST = Path(__file__).with_suffix(".txt").read_text("utf-8")
WORDS = tuple((word, english) for word, english in map(str.split, _LIST.splitlines()))


def of_entry(entry: str, language: str) -> list[str]:
    """The first four bytes of an entry (hexadecimal) as words, in Chinese or in English."""
    column = 0 if language == "zh" else 1
    return [WORDS[byte][column].replace("-", " ") for byte in bytes.fromhex(entry)[:SHOWN_BYTES]]
