"""What stands between quotes is never taken for a row: a broken record is one reject, or the file ends there."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from app.services.tables.lines import LINE_LIMIT, Unreadable
from app.services.tables.reader import Columns, columns, open_table
from app.services.tables.records import RECORD_LIMIT, Fault, Row

HEADER = "number,at,state,text\n"
OTHER = "INC-2,2026-11-20 09:00,已完成,moved by a stranger"
LINES = "a line\n" * 500
ENDLESS = ("x" * 999 + "\n") * (RECORD_LIMIT // 1000 + 2)
Read = Callable[..., tuple[list[str], list[str], str]]

# What stands in the file, the numbers that are read, the lines that are rejected, why the file ends before its end.
BROKEN = {
    "an honest value of 500 lines": (f'A,1,2,"{LINES}"\nB,1,2,x\n', "A B", "", ""),
    "an honest value with a row inside": (f'A,1,2,"see:\n{OTHER}\nthat"\nB,1,2,x\n', "A B", "", ""),
    "a quote that is never closed": (f'A,1,2,"see\n{OTHER}\nB,1,2,x\n', "", "2–4", "quotes_lost"),
    "a quote that is closed in the middle": (f'A,1,2,"see "this\n{OTHER}\n"\nB,1,2,x\n', "", "2", "quotes_lost"),
    "an exporter that does not double": (f'A,1,2,"see" y\n{OTHER}\n"\n', "", "2", "quotes_lost"),
    "a backslash for a quote": (f'A,1,2,"see \\" y\n{OTHER}\n"\n', "", "2", "quotes_lost"),
    "a blank before the quote": (f'A,1,2, "see\n{OTHER}\n"\nB,1,2,x\n', "A B", "", ""),
    "bytes that are no letters inside": (f'A,1,2,"see\n\udcff{OTHER}\n"\nB,1,2,x\n', "B", "2–4", ""),
    "bytes that are no letters, unread": (f'A,1,2,x,"\udcff\n{OTHER}"\nB,1,2,x,y\n', "A B", "", ""),
    "a NUL inside": (f'A,1,2,"see\n\0{OTHER}\n"\nB,1,2,x\n', "B", "2–4", ""),
    "an endless line inside": (f'A,1,2,"see\n{"x" * LINE_LIMIT}\n{OTHER}\n"\nB,1,2,x\n', "", "2–3", "quotes_lost"),
    "an endless line with a quote": (f'A,1,2,"{"x" * LINE_LIMIT}\n{OTHER}\n"\nB,1,2,x\n', "", "2", "quotes_lost"),
    "an endless line without one": (f"A,1,2,{'x' * LINE_LIMIT}\nB,1,2,x\n", "B", "2", ""),
    "an endless record": (
        f'A,1,2,"{ENDLESS}"\nB,1,2,x\n',
        "",
        None,
        "quotes_lost",
    ),
    "a cell too many over two lines": (f'A,1,2,"see\n{OTHER}",y\nB,1,2,x\n', "", "2–3", "quotes_lost"),
    "a cell too many on one line": ("A,1,2,x,y\nB,1,2,x\n", "B", "2", ""),
    "a number that swallowed a row": (f'"A\n{OTHER}",1,2,x\nB,1,2,x\n', "", "2–3", "quotes_lost"),
    "a number on two lines": ('"A\n1",1,2,x\nB,1,2,x\n', "B", "2–3", ""),
    "a carriage return alone": (f"A,1,2,see\r{OTHER}\nB,1,2,x\n", "", "2", "quotes_lost"),
    "a carriage return in a text": ("A,1,2,see\rthat\nB,1,2,x\n", "A B", "", ""),
    "a quote inside a bare value": ('A,1,2,19" screen\nB,1,2,x\n', "A B", "", ""),
    "rows without anything": ("A,1,2,x\n,,,\n \nB,1,2,x\n", "A B", "", ""),
    "no row at all": ("\n,,,\n", "", "", "no_rows"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_record_is_one_reject_with_its_lines(kind: str, read: Read) -> None:
    content, numbers, lines, end = BROKEN[kind]
    header = HEADER.replace("text\n", "text,more\n") if "unread" in kind else HEADER
    found, rejected, why = read((header + content).encode("utf-8", "surrogateescape"))
    assert (" ".join(found), why) == (numbers, end)
    assert lines is None or " ".join(rejected) == lines


FORMS = {
    "semicolons": ('number;at;state;text\nA;1;2;"x;y"\n', "utf-8"),
    "semicolons, all quoted": ('"number";"at";"state";"text"\n"A";"1";"2";"x;y"\n', "utf-8"),
    "tabs": ("number\tat\tstate\ttext\nA\t1\t2\tx;y\n", "utf-8"),
    "bars in GB18030": ("number|at|state|text|丂\nA|1|2|x;y|丂\n", "gb18030"),
    "sep=": ("sep=;\nnumber;at;state;text\nA;1;2;x,y\n", "utf-8-sig"),
    "sep= in quotes": ('"sep=|"\nnumber|at|state|text\nA|1|2|x,y\n', "utf-8"),
    "sep= a tab": ("SEP=\t\r\nnumber\tat\tstate\ttext\r\nA\t1\t2\tx\r\n", "utf-8"),
    "blank lines first": ("\n \r\n,,,\nnumber,at,state,text\nA,1,2,x\n", "utf-8-sig"),
    "carriage returns": ('number,at,state,text\rA,1,2,"x\ry"\r', "utf-8"),
    "carriage returns and a BOM": ("number,at,state,text\rA,1,2,x\r", "utf-8-sig"),
    "doubled line ends": ("number,at,state,text\r\r\nA,1,2,x\r\r\n", "utf-8"),
    "two BOMs": ('\ufeffnumber,at,state,text\n\ufeff"A",1,2,x\n', "utf-8-sig"),
    "a BOM behind a blank line": ('\n\ufeff"number",at,state,text\nA,1,2,x\n', "utf-8"),
    "unseen letters in the header": ("\u200bnumber ,at\u00a0,state\u202c,text\nA,1,2,x\n", "utf-8"),
    "a column twice that is not read": ("number,at,state,text,more,more\nA,1,2,x,3,4\n", "utf-8"),
    "no line end at the end": ("number,at,state,text\nA,1,2,x", "utf-8"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_of_a_table_is_read(form: str, packed: bool, read: Read) -> None:
    content, encoding = FORMS[form]
    raw = content.encode(encoding)
    assert read(gzip.compress(raw) if packed else raw) == (["A"], [], "")


REFUSED = {
    "another separator": (b"number^at^state^text\nA^1^2^x\n", "one_column"),
    "a full-width comma": ("number，at，state，text\n".encode(), "one_column"),
    "UTF-16 without a mark": (HEADER.encode("utf-16-le"), "utf16"),
    "UTF-16 the other way": (HEADER.encode("utf-16-be"), "utf16"),
    "UTF-32": (HEADER.encode("utf-32"), "utf16"),
    "a web page": ("\ufeff <html><table><tr><td>number</td></tr></table></html>".encode(), "web_page"),
    "XML of Excel 2003": (b'<?xml version="1.0"?><Workbook/>', "web_page"),
    "a header that is no text": (b"number,\xff\xfe\x81,state\nA,1,2\n", "header_unreadable"),
    "a header with an open quote": (b'number,"at,state,text\nA,1,2,x\n', "header_unreadable"),
    "a needed column twice": (b"number,number,at,state,text\nA,A,1,2,x\n", "column_twice"),
    "a workbook that is packed": (gzip.compress(b"PK\x03\x04 and so on"), "packed_workbook"),
    "a spoilt gzip": (gzip.compress(HEADER.encode())[:12], "file_breaks_off"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_by_its_name(kind: str, read: Read) -> None:
    content, code = REFUSED[kind]
    assert read(content) == ([], [], code)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The numbers that were read, the lines of the rejects, and why the file was not read to its end."""

    def take(content: bytes) -> tuple[list[str], list[str], str]:
        path = tmp_path / "table.csv"
        path.write_bytes(content)
        numbers: list[str] = []
        lines: list[str] = []
        try:
            table = open_table(path)
            read = columns(table.header, {name: (name,) for name in ("number", "at", "state", "text")}, ["text"])
            for row in table.rows(read):
                if isinstance(row, Row):
                    numbers.append(str(row.cells[read.place["number"]]).strip("\ufeff"))
                else:
                    lines.append(_lines(row))
        except Unreadable as refused:
            return numbers, lines, refused.code
        return numbers, lines, ""

    return take


def _lines(fault: Fault) -> str:
    return f"{fault.line}–{fault.last}" if fault.last > fault.line else str(fault.line)


def test_a_column_is_found_by_any_of_its_names() -> None:
    assert columns(["a", "b"], {"ours": ("x", "b"), "other": ("y",)}) == Columns(["a", "b"], {"ours": 1}, frozenset())
