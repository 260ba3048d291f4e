"""A table as rows of cells, from CSV or XLSX alike. A row that cannot be split is a fault of its own."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.services.tables.lines import ZIP, Unreadable, beginning, numbered, survey

VALUE_LIMIT = 4_000
RECORD_LINES = 50  # a quoted value over more lines than this is an unclosed quote

Cell = str | int | float | datetime


@dataclass(slots=True)
class Row:
    line: int
    cells: list[Cell]
    clean: bool = False  # known to hold no NUL and no value over the limit


@dataclass(frozen=True)
class Fault:
    """Why a row was not read: line, column, the value found, and the code of what was expected there."""

    line: int
    column: str
    value: str
    code: str
    facts: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Table:
    """The names of the columns, and the rows below them as they come. `total` is how many at most."""

    header: list[str]
    rows: Iterator[Row | Fault]
    total: int | None


def open_table(path: Path) -> Table:
    """Read a CSV (plain or gzip, UTF-8 or GB18030) or the first sheet of an XLSX; raises Unreadable."""
    records, total = _sheet(path) if beginning(path).startswith(ZIP) else _text(path)
    first = next(records, None)
    if not isinstance(first, Row):
        raise Unreadable("no_header", path=str(path))
    header = [text(cell).strip() for cell in first.cells]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise Unreadable("column_twice", path=str(path), columns=", ".join(twice))
    return Table(header, _fitting(records, header), total)


def text(cell: Cell) -> str:
    """A cell as somebody would have typed it."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell if isinstance(cell, str) else str(cell)


def _fitting(records: Iterator[Row | Fault], header: list[str]) -> Iterator[Row | Fault]:
    width = len(header)
    for record in records:
        if isinstance(record, Fault):
            yield _named(record, header)
            continue
        cells = record.cells
        if len(cells) != width:
            facts = (("expected", width), ("found", len(cells)))
            yield Fault(record.line, "", _shown(cells), "wrong_number_of_columns", facts)
            continue
        yield record if record.clean else _flaw(record, header) or record


def _named(fault: Fault, header: list[str]) -> Fault:
    place = fault.column.removeprefix("#")
    known = place.isdecimal() and int(place) <= len(header)
    return replace(fault, column=header[int(place) - 1]) if known else fault


def _flaw(row: Row, header: list[str]) -> Fault | None:
    for name, cell in zip(header, row.cells, strict=True):
        if not isinstance(cell, str):
            continue
        if "\0" in cell:
            return Fault(row.line, name, cell.replace("\0", "\\0"), "nul_byte")
        if len(cell) > VALUE_LIMIT:
            return Fault(row.line, name, cell[:40] + "…", "too_long", (("most", VALUE_LIMIT),))
    return None


def _shown(cells: list[Cell]) -> str:
    return ",".join(text(cell) for cell in cells)[:200]


# CSV


def _text(path: Path) -> tuple[Iterator[Row | Fault], int | None]:
    found = survey(path)
    return _Records(path, found.encoding).rows(), max(0, found.lines - 1)


class _Records:
    """Rows of a CSV. A quote that is never closed costs its own line, not the rest of the file."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._lines = numbered(path)
        self._put_back: deque[tuple[int, bytes | None]] = deque()
        self._encoding = encoding

    def rows(self) -> Iterator[Row | Fault]:
        while (taken := self._next()) is not None:
            number, raw = taken
            if raw is None:
                yield Fault(number, "", "", "line_too_long")
            elif number == 1:
                yield self._row(number, raw.removeprefix(b"\xef\xbb\xbf"))
            elif raw.strip(b"\r\n"):
                yield self._row(number, raw)

    def _next(self) -> tuple[int, bytes | None] | None:
        return self._put_back.popleft() if self._put_back else next(self._lines, None)

    def _row(self, number: int, raw: bytes) -> Row | Fault:
        try:
            line = raw.decode(self._encoding)
        except UnicodeDecodeError:
            return self._undecodable(number, raw)
        if '"' not in line:
            clean = len(line) <= VALUE_LIMIT and "\0" not in line
            return Row(number, [*line.rstrip("\r\n").split(",")], clean)
        return self._quoted(number, line)

    def _undecodable(self, number: int, raw: bytes) -> Fault:
        cells = raw.decode(self._encoding, "replace").rstrip("\r\n").split(",")
        place, spoilt = next((i, cell) for i, cell in enumerate(cells, 1) if "\ufffd" in cell)
        return Fault(number, f"#{place}", spoilt[:200], "undecodable", (("encoding", self._encoding),))

    def _quoted(self, number: int, line: str) -> Row | Fault:
        taken: list[tuple[int, bytes | None]] = []
        record = line
        while True:
            cells, open_ended = _split(record)
            if cells is not None:
                return Row(number, [*cells])
            more = self._next() if open_ended and len(taken) < RECORD_LINES else None
            if more is not None:
                taken.append(more)
            following = self._decoded(more)
            if following is None:
                self._put_back.extendleft(reversed(taken))
                return Fault(number, "", line.rstrip("\r\n")[:200], "bad_quotes")
            record += following

    def _decoded(self, taken: tuple[int, bytes | None] | None) -> str | None:
        try:
            return taken[1].decode(self._encoding) if taken and taken[1] is not None else None
        except UnicodeDecodeError:
            return None


def _split(record: str) -> tuple[list[str] | None, bool]:
    """The cells, or None and whether a quote is still open at the end."""
    try:
        return next(csv.reader(io.StringIO(record, newline=""), strict=True)), False
    except csv.Error as error:
        return None, "unexpected end of data" in str(error)


# XLSX


def _sheet(path: Path) -> tuple[Iterator[Row | Fault], int | None]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        total = sheet.max_row
        sheet.reset_dimensions()  # some programs write a wrong size; the rows themselves are right
    except (BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError, ParseError) as error:
        raise Unreadable("xlsx_broken", path=str(path)) from error

    def rows() -> Iterator[Row | Fault]:
        width = 0
        try:
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                cells = [_cell(value) for value in values]
                while cells and (cells[-1] == "" and len(cells) != width):
                    cells.pop()
                if not any(cell != "" for cell in cells):
                    continue
                width = width or len(cells)
                yield Row(number, cells + [""] * (width - len(cells)))
        except (BadZipFile, KeyError, ValueError, OSError, EOFError, ParseError) as error:
            raise Unreadable("file_breaks_off", path=str(path)) from error
        finally:
            book.close()

    return rows(), max(0, total - 1) if total else None


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, str | int | float | datetime) and not isinstance(value, bool):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 a cell has no zone; the profile names it
    return str(value).upper() if isinstance(value, bool) else str(value)
