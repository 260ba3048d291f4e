"""Workbooks as programs write them, well and badly; each that cannot be read ends in one sentence."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_LZMA, ZIP_STORED, ZipFile

import pytest
import xlsxwriter

from app.services.tables.cells import Cell, Damaged
from app.services.tables.lines import ENCRYPTED, OLD_EXCEL, Unreadable
from app.services.tables.reader import columns, open_table
from app.services.tables.records import Row

Parts = dict[str, bytes]
Change = Callable[[Parts], object]
Read = Callable[[Parts | bytes], list[list[Cell]]]
SHEET, BOOK, STYLES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"
STRINGS, RELATIONS, TYPES = "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
PLAIN: list[list[Cell]] = [["A", 1, "x"], ["B", 2, "y"]]


def changed(name: str, old: bytes, new: bytes) -> Callable[[Parts], object]:
    def change(parts: Parts) -> None:
        assert old in parts[name], parts[name]
        parts[name] = parts[name].replace(old, new)

    return change


def without(name: str) -> Callable[[Parts], object]:
    return lambda parts: parts.pop(name)


def renamed(name: str, other: str) -> Callable[[Parts], object]:
    return lambda parts: parts.update({other: parts.pop(name)})


STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
USUAL = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"

READ: dict[str, Change] = {
    "as it is": lambda parts: None,
    "an empty fill": changed(STYLES, b"<fills", b"<fills><fill/></fills><fills"),
    "unknown attributes": changed(SHEET, b"<row ", b'<row xmlns:n="urn:n" n:new="1" strange="2" '),
    "unknown elements": changed(
        SHEET, b"<sheetData>", b"<dataValidations strange='1'/><extLst><ext/></extLst><sheetData>"
    ),
    "a protected sheet": changed(SHEET, b"<sheetData>", b'<sheetProtection password="ZZZZ" sheet="1"/><sheetData>'),
    "conditional formats": changed(
        SHEET, b"</sheetData>", b"</sheetData><conditionalFormatting><cfRule/></conditionalFormatting>"
    ),
    "a wrong size": changed(SHEET, b'ref="A1:C3"', b'ref="A1"'),
    "no size": changed(SHEET, b'<dimension ref="A1:C3"/>', b""),
    "no places": lambda parts: [changed(SHEET, f' r="{c}{r}"'.encode(), b"")(parts) for c in "ABC" for r in (1, 2, 3)],
    "rows without numbers": lambda parts: [changed(SHEET, f'<row r="{r}"'.encode(), b"<row")(parts) for r in (1, 2, 3)],
    "the strict namespace": changed(SHEET, USUAL, STRICT),
    "a prefix": lambda parts: parts.update({SHEET: prefixed(parts[SHEET])}),
    "names in another case": renamed(STRINGS, "xl/SharedStrings.xml"),
    "backslashes": renamed(SHEET, "xl\\worksheets\\sheet1.xml"),
    "an absolute target": changed(RELATIONS, b'Target="worksheets', b'Target="/xl/worksheets'),
    "no list of types": without(TYPES),
    "no styles": without(STYLES),
    "no properties": without("docProps/core.xml"),
    "spoilt properties": lambda parts: parts.update({"docProps/core.xml": b"<a", "docProps/app.xml": b""}),
    "a spoilt theme": lambda parts: parts.update({"xl/theme/theme1.xml": b"\0"}),
    "how texts are pronounced": changed(STRINGS, b"<t>A</t>", b"<r><t>A</t></r><rPh><t>ei</t></rPh><phoneticPr/>"),
    "a member that is compressed otherwise": lambda parts: parts.update({"lzma": b""}),
}

BROKEN: dict[str, tuple[Change, str | None]] = {
    "no sheet": (without(SHEET), "xlsx_broken"),
    "no shared texts": (changed(STRINGS, b"<si>", b"<s>"), "xlsx_broken"),
    "no relations": (without(RELATIONS), "xlsx_broken"),
    "no workbook": (without(BOOK), "no_workbook"),
    "a document of another kind": (renamed(BOOK, "word/document.xml"), "no_workbook"),
    "a binary workbook": (renamed(BOOK, "xl/workbook.bin"), "binary_workbook"),
    "a spoilt workbook": (changed(BOOK, b"<sheets>", b"<sheets"), "xlsx_broken"),
    "spoilt styles": (changed(STYLES, b"<cellXfs", b"<cellXfs <"), "xlsx_broken"),
    "a style that is no number": (changed(STYLES, b'xf numFmtId="0"', b'xf numFmtId="x"'), "xlsx_broken"),
    "spoilt texts": (changed(STRINGS, b"<si>", b"<si"), "xlsx_broken"),
    "an unknown encoding": (changed(SHEET, b"UTF-8", b"KLINGON"), "file_breaks_off"),
    "a sheet that ends in the middle": (lambda parts: parts.update({SHEET: parts[SHEET][:-80]}), "file_breaks_off"),
    "a column far out": (changed(SHEET, b'r="C2"', b'r="ZZZ2"'), "file_breaks_off"),
    "no sheet to be seen": (changed(BOOK, b"<sheet ", b'<sheet state="hidden" '), "no_visible_sheet"),
    "a chart for a sheet": (
        changed(RELATIONS, b"relationships/worksheet", b"relationships/chartsheet"),
        "no_visible_sheet",
    ),
    "an entity that grows": (
        changed(
            SHEET,
            b"<worksheet",
            b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>"
            + b"".join(b"<!ENTITY %c '%s'>" % (c, b"&%c;" % (c - 1) * 50) for c in range(98, 106))
            + b"]><worksheet",
        ),
        None,
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_what_a_program_adds_or_leaves_out_does_not_matter(kind: str, read: Read, parts: Parts) -> None:
    READ[kind](parts)
    assert read(parts) == PLAIN


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_said_by_its_code(kind: str, read: Read, parts: Parts) -> None:
    change, code = BROKEN[kind]
    change(parts)
    if code is None:  # never told: it is not referred to, so it does not grow
        assert read(parts) == PLAIN
        return
    with pytest.raises(Unreadable) as refused:
        read(parts)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (OLD_EXCEL + b"\0" * 600 + ENCRYPTED, "workbook_protected"),
        (OLD_EXCEL + b"\0" * 600, "old_excel"),
        (b"PK\x03\x04", "xlsx_broken"),
        (b"PK\x05\x06" + b"\0" * 18, "no_workbook"),
        (b"PK\0\0\0\0 whatever", "xlsx_broken"),
    ],
)
def test_what_is_no_workbook_is_said_too(content: bytes, code: str, read: Read) -> None:
    with pytest.raises(Unreadable) as refused:
        read(content)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (b'<c r="B2" t="e"><v>#REF!</v></c>', Damaged("#REF!", "excel_error")),
        (b'<c r="B2" t="b"><v>1</v></c>', True),
        (b'<c r="B2" t="b"><v>x</v></c>', Damaged("x", "cell_unreadable")),
        (b'<c r="B2" t="s"><v>999</v></c>', Damaged("999", "cell_unreadable")),
        (b'<c r="B2" t="s"><v>-1</v></c>', Damaged("-1", "cell_unreadable")),
        (b'<c r="B2" t="?"><v>1</v></c>', Damaged("1", "cell_unreadable")),
        (b'<c r="B2"><v>NaN</v></c>', Damaged("NaN", "cell_unreadable")),
        (b'<c r="B2" s="x"><v>1</v></c>', Damaged("1", "cell_unreadable")),
        (b'<c r="B2"><f>A1</f></c>', Damaged("=A1", "formula_without_value")),
        (b'<c r="B2" t="str"><f>A1</f><v></v></c>', ""),
        (b'<c r="B2" t="inlineStr"><is><t>a_x000D_b_x005F_x0041_</t></is></c>', "a\rb_x0041_"),
        (b'<c r="B2" t="inlineStr"><is><t>_xD83D__xDE00__xD800_</t></is></c>', "😀\ufffd"),
        (b'<c r="B2" t="inlineStr"/>', ""),
        (b'<c r="B2" t="d"><v>2026-11-20T08:00:00</v></c>', datetime(2026, 11, 20, 8)),  # noqa: DTZ001 a cell has no zone
        (b'<c r="B2"><v>2.0261120000000001E+17</v></c>', 2.02611200000000e17),
        (b'<c r="B2"/><c r="B2"><v>1</v></c>', Damaged("", "cell_unreadable")),
    ],
)
def test_a_cell_is_what_it_says_or_damaged(cell: bytes, value: Cell, read: Read, parts: Parts) -> None:
    changed(SHEET, b'<c r="B2"><v>1</v></c>', cell)(parts)
    found = read(parts)
    assert (found[0][1], found[1]) == (value, PLAIN[1])


@pytest.mark.parametrize(
    ("form", "is_date"),
    [
        ("yyyy-mm-dd hh:mm", True),
        ('yyyy"年"m"月"d"日"', True),
        ("[$-804]aaaa;@", False),
        ("[$-804]m/d h:mm", True),
        ('0.00"元/day"', False),
        ("[Red]0.00", False),
        ("General", False),
        ("@", False),
    ],
)
def test_a_number_is_a_date_by_its_format(form: str, is_date: bool, tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["number", "at"])
        sheet.write_string(1, 0, "A")
        sheet.write_number(1, 1, 46346.33333, book.add_format({"num_format": form}))
    table = open_table(path)
    [row] = table.rows(columns(table.header, {}))
    assert isinstance(row, Row)
    assert row.cells[1] == (datetime(2026, 11, 20, 8) if is_date else 46346.33333)  # noqa: DTZ001 a cell has no zone


@pytest.mark.parametrize("built_in", [14, 22, 31, 57])
def test_the_dates_every_excel_has_are_dates(built_in: int, read: Read, parts: Parts) -> None:
    changed(STYLES, b"</cellXfs>", b'<xf numFmtId="%d"/></cellXfs>' % built_in)(parts)
    changed(SHEET, b'<c r="B2"><v>1</v></c>', b'<c r="B2" s="1"><v>46346</v></c>')(parts)
    assert read(parts)[0][1] == datetime(2026, 11, 20)  # noqa: DTZ001 a cell has no zone


def test_days_may_count_from_1904(read: Read, parts: Parts) -> None:
    changed(STYLES, b"</cellXfs>", b'<xf numFmtId="14"/></cellXfs>')(parts)
    changed(SHEET, b'<c r="B2"><v>1</v></c>', b'<c r="B2" s="1"><v>44884</v></c>')(parts)
    changed(BOOK, b"<workbookPr", b'<workbookPr date1904="1"')(parts)
    assert read(parts)[0][1] == datetime(2026, 11, 20)  # noqa: DTZ001 a cell has no zone


def prefixed(sheet: bytes) -> bytes:
    """Every element of the usual namespace under a prefix."""
    plain = sheet.replace(b"xmlns=", b"xmlns:x=")
    return (
        plain.replace(b"</", b"\0")
        .replace(b"<?", b"\1")
        .replace(b"<", b"<x:")
        .replace(b"\0", b"</x:")
        .replace(b"\1", b"<?")
    )


@pytest.fixture(scope="module")
def whole() -> Parts:
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((["number", "at", "text"], *PLAIN)):
            sheet.write_row(number, 0, row)
    with ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def parts(whole: Parts) -> Parts:
    return dict(whole)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def take(content: Parts | bytes) -> list[list[Cell]]:
        path = tmp_path / "table.xlsx"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with ZipFile(path, "w", ZIP_LZMA if "lzma" in content else ZIP_STORED) as archive:
                for name, part in content.items():
                    archive.writestr(name, part)
        table = open_table(path)
        rows = [row for row in table.rows(columns(table.header, {})) if isinstance(row, Row)]
        return [row.cells for row in rows]

    return take
