"""Tables spoilt at random, always in the same way: bytes, lines, cells, members of the ZIP."""

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO, StringIO
from random import Random  # noqa: TID251 the same damage at every run
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter

Rows = list[list[str]]
ODD_BYTES = (b'"', b",", b"\n", b"\r", b"\0", b"\xff", b";", b"\t", b"\x81", b"\xef\xbb\xbf", b'"\n', b'",', b"'", b"=")
ODD_CELLS = (
    *("", " ", '"', "\0", "#N/A", "TRUE", "2.02611E+17", "########", "3月1日", "20261120.0", "-1+1", "=1+1", "/", ".."),
    *("\u200b", "\ufeff", "０１", "x" * 300, "x" * 40_000, "a\nb", "a\rb", "a,b", 'a"b', "\ufffd", "9999-12-31", "😀"),
    *("2062-11-20 08:00", "1900-01-01", "0001-01-01", "46346.33", "NaN", "1e999", "<a/>", "%s", "_x000D_", "new"),
)
LEFT_OUT = ("[Content_Types].xml", "docProps/app.xml", "docProps/core.xml", "xl/theme/theme1.xml")


@dataclass(frozen=True)
class Spoilt:
    name: str
    content: bytes
    damage: str


def spoilt(header: list[str], rows: Rows, random: Random) -> Spoilt:
    """One file out of a good table, damaged in one or two ways."""
    kind = random.choice(("csv", "csv", "csv", "xlsx", "xlsx", "gz"))
    table = [list(header), *map(list, rows)]
    damages = random.sample(("bytes", "lines", "cells", "members"), random.choice((1, 1, 2)))
    if "cells" in damages:
        _cells(table, random)
    if kind == "xlsx":
        content = _sheet(table)
        if "members" in damages or "lines" in damages:
            content = _members(content, random)
        if "bytes" in damages and random.random() < 0.5:
            content = _bytes(content, random)
        return Spoilt("table.xlsx", content, f"{kind} {damages}")
    content = _text(table, random)
    if "lines" in damages or "members" in damages:
        content = _lines(content, random)
    if "bytes" in damages:
        content = _bytes(content, random)
    if kind == "gz":
        content = gzip.compress(content, mtime=0)
        content = _bytes(content, random) if random.random() < 0.5 else content
    return Spoilt(f"table.{kind}", content, f"{kind} {damages}")


def _text(table: Rows, random: Random) -> bytes:
    text = StringIO()
    writer = csv.writer(
        text,
        delimiter=random.choice(",,,;\t"),
        lineterminator=random.choice(("\n", "\r\n", "\r\n", "\r")),
        quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    )
    writer.writerows(table)
    return text.getvalue().encode(random.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030")), "replace")


def _sheet(table: Rows) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(table):
            for place, value in enumerate(row):
                sheet.write_string(number, place, value[:32_767])
    return file.getvalue()


def _cells(table: Rows, random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 5))):
        row = random.choice(table[random.random() > 0.1 :])
        act = random.random()
        if act < 0.7 and row:
            row[random.randrange(len(row))] = random.choice(ODD_CELLS)
        elif act < 0.85:
            row.insert(random.randrange(len(row) + 1), random.choice(ODD_CELLS))
        elif row:
            row.pop(random.randrange(len(row)))


def _lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    for _ in range(random.choice((1, 1, 2, 4))):
        place = random.randrange(len(lines))
        one, other = lines[place], random.choice(lines)
        lines[place : place + 1] = random.choice(
            ([], [one, one], [other], [one[: len(one) // 2]], [one.rstrip(b"\r\n")], [b"\r\n", one], [b'"' + one])
        )
        lines = lines or [b"\n"]
    return b"".join(lines)


def _bytes(content: bytes, random: Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        place = random.randrange(len(spoilt) + 1)
        act = random.random()
        if act < 0.3:
            spoilt[place:place] = random.choice(ODD_BYTES)
        elif act < 0.6:
            spoilt[place : place + 1] = bytes([random.randrange(256)])
        elif act < 0.8:
            del spoilt[place : place + random.choice((1, 2, 40))]
        elif act < 0.9:
            del spoilt[place:]
        else:
            spoilt[place : place + 1] = random.choice(ODD_BYTES)
    return bytes(spoilt)


def _members(content: bytes, random: Random) -> bytes:
    """The ZIP written again, with one of its members spoilt, left out or doubled."""
    with ZipFile(BytesIO(content)) as old:
        members = [(name, old.read(name)) for name in old.namelist()]
    chosen = random.choice([name for name, _content in members if name not in LEFT_OUT])
    act: Callable[[bytes], bytes] = random.choice(
        (
            lambda one: _bytes(one, random),
            lambda one: one[: len(one) // 2],
            lambda one: one.replace(b"<row ", b'<row new="1" ').replace(b"<c ", b'<c strange="1" '),
            lambda one: one.replace(b't="s"', random.choice((b't="e"', b't="b"', b't="d"', b't="n"', b't="?"', b""))),
            lambda one: one.replace(b"<v>", random.choice((b"<v>9", b"<v>-", b"<v>x", b"<v></v><v>"))),
            lambda one: one.replace(b'r="', random.choice((b'r="X', b'r="', b'r="0', b'r="ZZZZ', b'q="'))),
            lambda one: one.replace(b"<t", b'<t xml:space="preserve"').replace(b"UTF-8", b"UTF-16"),
            lambda one: b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + one,
            lambda one: b"",
        )
    )
    file = BytesIO()
    left_out = random.random() < 0.1
    with ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name, one in members:
            if name != chosen:
                new.writestr(name, one)
            elif not left_out:
                new.writestr(name, act(one))
    return file.getvalue()
