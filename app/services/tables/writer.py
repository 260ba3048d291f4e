"""Tables for a spreadsheet, row by row as they are read: CSV, and XLSX without a workbook in memory."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from app.services.tables.formulas import guarded

Cell = str | int | datetime | None
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MARK = b"\xef\xbb\xbf"  # else Excel takes UTF-8 for the PC's own encoding
MOST_ROWS = 1_000_000  # of a sheet there are 1,048,576
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_LIKE_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # what Excel would take for a letter's number
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_AROUND = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
    f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def as_csv(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    yield MARK
    for row in rows:
        write([_text(cell) for cell in row])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def as_xlsx(
    rows: Iterable[Sequence[Cell]], *, title: str = "1", guard: Callable[[str], str] = guarded
) -> Iterator[bytes]:
    """Every cell that is no number is text, so nothing is run and no zero is lost.

    The same rows make the same file: no moment of writing stands in it.
    """
    sheets = f'<sheets><sheet name={quoteattr(title)} sheetId="1" r:id="r1"/></sheets>'
    book_part = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheets}</workbook>'
    sink = Sink()
    with ZipFile(sink, "w") as book:
        for name, content in {**_AROUND, "xl/workbook.xml": book_part}.items():
            book.writestr(_part(name), _HEAD + content)
        with book.open(_part("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for row in rows:
                sheet.write(f"<row>{''.join(_cell(value, guard) for value in row)}</row>".encode())
                yield sink.take()
            sheet.write(b"</sheetData></worksheet>")
    yield sink.take()


def xlsx(rows: Iterable[Sequence[Cell]], *, title: str) -> bytes:
    """A small one that is filled in and comes back: every cell as it is."""
    return b"".join(as_xlsx(rows, title=title, guard=str))


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name)
    part.compress_type = ZIP_DEFLATED
    return part


class Sink(io.RawIOBase):
    """What was written and not yet taken. It cannot be sought in, so that the archive is written from front to end."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        self._parts.append(bytes(part))  # type: ignore[call-overload]
        return len(self._parts[-1])

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _cell(value: Cell, guard: Callable[[str], str]) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    shown = escape(_LIKE_ESCAPED.sub("_x005F_", _text(value, guard)))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>' if shown else "<c/>"


def _writable(letter: str) -> bool:
    return letter in "\t\n" or (letter >= " " and letter not in "\ufffe\uffff")


def _text(value: Cell, guard: Callable[[str], str] = guarded) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return guard("".join(filter(_writable, str(value))))
