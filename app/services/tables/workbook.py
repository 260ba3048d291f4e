"""The first visible sheet of an XLSX, row by row: its cells and nothing else, so that no decoration stands in the way.

Only what a value depends on is read: which sheet, the shared texts, which formats are dates. Fonts, fills, charts and
whatever else a program writes into the file, well or badly, are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from posixpath import join, normpath
from typing import IO
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZipFile, ZipInfo

from app.services.tables.cells import Cell, Damaged, filled
from app.services.tables.lines import Unreadable
from app.services.tables.records import Fault, Row

LAST_COLUMN = 16_384
MOST_TEXT = 512 * 1024 * 1024  # of the shared texts, which are all held
LAST_DAY = 2_958_465  # 9999-12-31
DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # formats every Excel has, also the Chinese
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DATE = re.compile(r"[ymdhs]", re.IGNORECASE)
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SIZE = re.compile(rb'<(?:\w+:)?dimension [^>]*ref="\$?[A-Z]+\$?\d+:\$?[A-Z]+\$?(\d+)"')


@dataclass(frozen=True)
class _Book:
    """What the cells of a sheet refer to."""

    texts: list[str]
    dates: frozenset[int]  # the styles of cells that show a date
    epoch: datetime


def sheet(path: Path) -> tuple[Iterator[Row | Fault], int | None]:
    """The rows that hold anything, and how many there are at most, if the file says so."""
    try:
        with ZipFile(path) as archive:
            book, part = _open(_Parts(archive, path))
            with archive.open(part) as file:
                size = _SIZE.search(file.read(4_096))
    except Unreadable:
        raise
    except Exception as error:  # a file of others can be broken in every way there is
        raise Unreadable("xlsx_broken", path=str(path)) from error
    return _rows(path, part, book), max(0, int(size[1]) - 1) if size else None


def _rows(path: Path, part: ZipInfo, book: _Book) -> Iterator[Row | Fault]:
    try:
        with ZipFile(path) as archive, archive.open(part) as file:
            number = width = 0
            for row in _elements(file, "row"):
                place = row.get("r", "")
                number = int(place) if place.isascii() and place.isdecimal() and len(place) < 10 else number + 1
                cells = _cells(row, book)
                if any(map(filled, cells)):
                    width = width or len(cells)
                    yield Row(number, cells + [""] * (width - len(cells)))
    except Exception as error:
        raise Unreadable("file_breaks_off", path=str(path)) from error


def _cells(row: Element, book: _Book) -> list[Cell]:
    cells: list[Cell] = []
    for element in row:
        if _name(element) != "c":
            continue
        place = _column(element.get("r", "")) or len(cells) + 1
        if place > LAST_COLUMN:
            raise ValueError(place)
        if place <= len(cells):  # a cell that comes twice has no value
            cells[place - 1] = Damaged(str(cells[place - 1])[:200], "cell_unreadable")
            continue
        cells += [""] * (place - 1 - len(cells))
        cells.append(_value(element, book))
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def _value(element: Element, book: _Book) -> Cell:
    parts = {_name(part): part for part in element}
    kind = element.get("t", "n")
    if kind == "inlineStr":
        return _text(parts["is"]) if "is" in parts else ""
    if "v" not in parts:
        formula = parts.get("f")
        return "" if formula is None else Damaged(f"={formula.text or ''}"[:200], "formula_without_value")
    raw = parts["v"].text or ""
    if kind == "str":
        return unescaped(raw)
    if not raw.strip():
        return ""
    try:
        return _typed(kind, raw.strip(), element.get("s", "0"), book)
    except (ValueError, IndexError, OverflowError):
        return Damaged(raw[:200], "cell_unreadable")


def _typed(kind: str, raw: str, style: str, book: _Book) -> Cell:
    if kind == "s":
        return book.texts[_count(raw)]
    if kind == "b":
        return bool(_count(raw))
    if kind == "e":
        return Damaged(raw[:200], "excel_error")
    if kind == "d":
        return datetime.fromisoformat(raw)
    if kind != "n" or not _NUMBER.fullmatch(raw):
        raise ValueError(raw)
    number = int(raw) if raw.lstrip("+-").isdecimal() else float(raw)
    if _count(style) in book.dates and 0 <= number <= LAST_DAY:
        return _moment(number, book.epoch)
    return number


def _moment(serial: float, epoch: datetime) -> datetime:
    """The day and the time behind a number, to the second: a minute is no exact part of a day."""
    return epoch + timedelta(seconds=round(serial * 86_400))


def _count(raw: str) -> int:
    if not (raw.isascii() and raw.isdecimal()):
        raise ValueError(raw)
    return int(raw)


def _text(element: Element) -> str:
    """The text of all runs; how it is pronounced is no part of it."""
    if _name(element) == "t":
        return unescaped(element.text or "")
    return "".join(_text(part) for part in element if _name(part) in {"t", "r"})


def unescaped(word: str) -> str:
    """`_x000D_` is how a letter is written that XML does not have; `_x005F_` is the bar that would begin one."""
    if "_x" not in word:
        return word
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), word)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _Parts:
    """The members of the archive by their names, which some programs write in their own case or with backslashes."""

    def __init__(self, archive: ZipFile, path: Path) -> None:
        self._archive, self._path = archive, path
        self._infos = {_key(info.filename): info for info in archive.infolist()}
        if any(info.flag_bits & 1 for info in archive.infolist()):
            raise Unreadable("workbook_protected", path=str(path))

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._infos

    def find(self, name: str) -> ZipInfo:
        return self._infos[_key(name)]

    def refuse(self, code: str) -> Unreadable:
        return Unreadable(code, path=str(self._path))

    def elements(self, name: str, tag: str) -> Iterator[Element]:
        with self._archive.open(self.find(name)) as file:
            yield from _elements(file, tag)

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Id to kind and target of what a part refers to."""
        folder, _, file = name.rpartition("/")
        found = {}
        for one in self.elements(join(folder, "_rels", f"{file}.rels"), "Relationship"):
            kind = one.get("Type", "").rpartition("/")[2]
            target = one.get("Target", "").replace("\\", "/")
            found[one.get("Id", "")] = kind, normpath(join("/", folder, target)).lstrip("/")
        return found


def _open(parts: _Parts) -> tuple[_Book, ZipInfo]:
    main = _main(parts)
    related = parts.relations(main)
    by_kind = {kind: target for kind, target in related.values() if target in parts}
    shared, styles = by_kind.get("sharedStrings", ""), by_kind.get("styles", "")
    if shared and parts.find(shared).file_size > MOST_TEXT:
        raise parts.refuse("xlsx_broken")
    visible = [
        related[_relation(one)][1]
        for one in parts.elements(main, "sheet")
        if one.get("state", "visible") == "visible" and related[_relation(one)][0] == "worksheet"
    ]
    if not visible:
        raise parts.refuse("no_visible_sheet")
    from_1904 = any(one.get("date1904", "") in {"1", "true"} for one in parts.elements(main, "workbookPr"))
    book = _Book(
        texts=[_text(one) for one in parts.elements(shared, "si")] if shared else [],
        dates=frozenset(_date_styles(parts, styles)) if styles else frozenset(),
        # Day 60 of the old count never was, so the days from March 1900 on are one further than they look.
        epoch=datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30),  # noqa: DTZ001 a cell has no zone
    )
    return book, parts.find(visible[0])


def _main(parts: _Parts) -> str:
    """The name of the workbook itself."""
    place = ""
    if "_rels/.rels" in parts:
        place = next((target for kind, target in parts.relations("").values() if kind == "officeDocument"), "")
    main = place if place in parts else "xl/workbook.xml"
    if main.endswith(".bin") or "xl/workbook.bin" in parts:
        raise parts.refuse("binary_workbook")
    if main not in parts:
        raise parts.refuse("no_workbook")
    return main


def _date_styles(parts: _Parts, styles: str) -> Iterator[int]:
    dates = set(DATES)
    for one in parts.elements(styles, "numFmt"):
        if _DATE.search(_NOT_FORMAT.sub("", one.get("formatCode", ""))):
            dates.add(_count(one.get("numFmtId", "")))
    for cells in parts.elements(styles, "cellXfs"):
        for place, one in enumerate(cells):
            if _count(one.get("numFmtId", "0")) in dates:
                yield place


def _relation(element: Element) -> str:
    """The id by which the workbook refers to a part, whatever the namespace is called."""
    return next(value for name, value in element.items() if name.endswith("}id"))


def _elements(file: IO[bytes], tag: str) -> Iterator[Element]:
    """Every element of this name when it is complete; it is emptied afterwards, so that a long file stays small.

    The fast parser loads nothing from outside, and it gives up where entities make a file grow.
    """
    above: list[Element] = []
    for event, element in iterparse(file, events=("start", "end")):  # noqa: S314
        if event == "start":
            above.append(element)
            continue
        above.pop()
        if _name(element) == tag:
            yield element
            if above:
                above[-1].clear()


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _column(place: str) -> int:
    """3 for C7; 0 where the place is not told."""
    found = _PLACE.fullmatch(place)
    count = 0
    for letter in found[1] if found else "":
        count = count * 26 + ord(letter) - 64
    return count


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
