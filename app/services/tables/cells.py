"""What stands in a cell, and what Excel did to it: read as a number of ours, a telephone, a word or free text."""

import re
from dataclasses import dataclass
from datetime import datetime

from app.errors import Refused
from app.services import spelling

VALUE_LIMIT = 32_767  # letters; no cell of Excel's holds more
DIGITS = 15  # of a number, as many as Excel keeps
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|FIELD!|BLOCKED!|CONNECT!)")
_NARROW = re.compile(r"#{3,}")
_CUT = re.compile(r"[+-]?\d+(\.\d+[eE][+-]?\d+|[eE]\+\d+)")
_FLOAT = re.compile(r"\d{4,}\.0+")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(rf"\d{{1,2}}月\d{{1,2}}日|(\d{{4}}年)?\d{{1,2}}月|\d{{1,2}}-({_MONTH})|({_MONTH})-\d{{2}}")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A cell without a value that could be right: what stands there, and the code of what happened to it."""

    shown: str
    code: str


Cell = str | int | float | datetime | Damaged


class Spoilt(Refused):
    """The value of a cell cannot be what was meant."""

    def __init__(self, value: str, code: str, **facts: object) -> None:
        super().__init__(code, **facts)
        self.value = value


def filled(cell: Cell) -> bool:
    return not isinstance(cell, str) or bool(cell.strip())


def text(cell: Cell) -> str:
    """A cell as somebody would have typed it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Damaged):
        return cell.shown
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def number(cell: Cell, most: int) -> str:
    """A number or a code, spelled in one way; raises Spoilt where Excel or a conversion took a part of it."""
    word = spelling.number(text(cell))
    if code := _cell_damage(cell, word) or _number_damage(word):
        raise Spoilt(word[:200], code)
    return _fitting(word, most)


def telephone(cell: Cell, most: int) -> str:
    word = spelling.telephone(text(cell))
    if code := _cell_damage(cell, word) or _word_damage(word) or (_CUT.fullmatch(word) and "excel_cut_number"):
        raise Spoilt(word[:200], code)
    return _fitting(word, most)


def word(cell: Cell, most: int) -> str:
    """A name; what nobody sees is gone from it."""
    word = " ".join(spelling.visible(text(cell)).splitlines())
    if code := _word_damage(word):
        raise Spoilt(word[:200], code)
    return _fitting(word, most)


def prose(cell: Cell, most: int) -> str:
    """Free text, which may say anything."""
    return _fitting(spelling.prose(text(cell)), most)


def _fitting(word: str, most: int) -> str:
    if len(word) > most:
        raise Spoilt(word[:40] + "…", "too_long", most=most)
    return word


def _cell_damage(cell: Cell, word: str) -> str:
    if isinstance(cell, bool):
        return "excel_boolean"
    if isinstance(cell, datetime):
        return "excel_date"
    if isinstance(cell, float) and not cell.is_integer():
        return "excel_number"
    return "excel_cut_number" if isinstance(cell, int | float) and len(word.lstrip("-")) > DIGITS else ""


def _number_damage(word: str) -> str:
    if _CUT.fullmatch(word):
        return "excel_cut_number"
    if _FLOAT.fullmatch(word):
        return "excel_number"
    if _DATE.fullmatch(word):
        return "excel_date"
    return "excel_boolean" if word in {"TRUE", "FALSE"} else _word_damage(word)


def _word_damage(word: str) -> str:
    if "\ufffd" in word:
        return "lost_letter"
    if word.startswith("#"):
        return "excel_error" if _ERROR.fullmatch(word) else "excel_narrow" if _NARROW.fullmatch(word) else ""
    return "line_break" if "\n" in word or "\r" in word else ""
