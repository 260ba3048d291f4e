"""A file as lines of bytes, plain or gzip, of any length; never more than one line in memory."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import cast

from app.errors import Refused

LINE_LIMIT = 256 * 1024
VOTES = 1_000
START = 64 * 1024
SHEETS = {".xlsx", ".xlsm"}
GZIP, ZIP, OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
EMPTY_ZIP = b"PK\x05\x06"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # a workbook with a password lies in an old container
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BOM = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb'"[^"]*"')


class Unreadable(Refused):
    """The file as a whole cannot be read, or not to its end."""


@dataclass(frozen=True)
class Overlong:
    """A line too long to be one, of which nothing is kept but whether a quote stands in it."""

    quoted: bool


@dataclass(frozen=True)
class Survey:
    """What one look over the whole file tells: its encoding, its first line that is not blank, how many there are."""

    encoding: str
    first: bytes
    lines: int


def beginning(path: Path) -> bytes:
    """The first bytes, by which a file says what it is; refuses what is no table."""
    try:
        with path.open("rb") as file:
            start = file.read(START)
            if start.startswith(OLD_EXCEL):
                protected = ENCRYPTED in start + file.read()
                raise Unreadable("workbook_protected" if protected else "old_excel", path=str(path))
    except OSError as error:
        raise Unreadable("file_not_opened", path=str(path), reason=error.strerror or type(error).__name__) from error
    if not start:
        raise Unreadable("file_empty", path=str(path))
    if not start.startswith((ZIP, EMPTY_ZIP, GZIP)):
        _refuse_no_text(start, path)
    return start


def numbered(path: Path) -> Iterator[tuple[int, bytes | Overlong]]:
    """Line number and bytes, each with its end. Raises Unreadable where the file breaks off."""
    try:
        with _opened(path) as file:
            yield from _lines(file, path)
    except (EOFError, zlib.error, OSError) as error:
        raise Unreadable("file_breaks_off", path=str(path)) from error


def survey(path: Path) -> Survey:
    """Count the lines and let those with other than ASCII letters vote on the encoding.

    A vote, because the first line that is not UTF-8 may be one spoilt line of a UTF-8 file, and a short line of
    GB18030 may happen to be good UTF-8.
    """
    count = utf8 = other = 0
    first = b""
    try:
        for number, line in numbered(path):
            count = number
            if isinstance(line, Overlong):
                continue
            first = first or line.strip(b"\r\n")
            if line.isascii() or utf8 + other >= VOTES:
                continue
            if _decodes(line, "utf-8"):
                utf8 += 1
            elif _decodes(line, "gb18030"):
                other += 1
    except Unreadable:
        pass  # the reading itself comes to the same place and says so
    return Survey("gb18030" if other > utf8 and not first.startswith(BOM) else "utf-8", first, count)


def _refuse_no_text(start: bytes, path: Path) -> None:
    if start.startswith(PICTURES):
        raise Unreadable("is_picture", path=str(path))
    if start.startswith(UTF16) or b"\0" in start.partition(b"\n")[0]:
        sheet = path.suffix.lower() in SHEETS
        raise Unreadable("xlsx_broken" if sheet else "utf16", path=str(path))
    if start.removeprefix(BOM).lstrip().startswith(b"<"):
        raise Unreadable("web_page", path=str(path))


def _opened(path: Path) -> BufferedReader:
    opener = cast(Callable[[Path, str], BufferedReader], gzip.open if beginning(path).startswith(GZIP) else open)
    return opener(path, "rb")


def _lines(file: BufferedReader, path: Path) -> Iterator[tuple[int, bytes | Overlong]]:
    start = file.peek(1)
    if start.startswith((ZIP, OLD_EXCEL)):
        raise Unreadable("packed_workbook", path=str(path))
    _refuse_no_text(start, path)
    if _carriage_returns(start):
        letters = TextIOWrapper(file, encoding="latin-1", newline="")  # latin-1 gives every byte back as it was
        try:
            yield from _counted(lambda: letters.readline(LINE_LIMIT).encode("latin-1"), (b"\n", b"\r"))
        finally:
            letters.detach()  # whoever opened the file closes it
    else:
        yield from _counted(lambda: file.readline(LINE_LIMIT), (b"\n",))


def _counted(following: Callable[[], bytes], ends: tuple[bytes, ...]) -> Iterator[tuple[int, bytes | Overlong]]:
    number = 0
    while line := following():
        number += 1
        if len(line) < LINE_LIMIT or line.endswith(ends):
            yield number, line
            continue
        quoted = b'"' in line
        while (rest := following()) and not rest.endswith(ends):
            quoted |= b'"' in rest
        yield number, Overlong(quoted or b'"' in rest)


def _carriage_returns(start: bytes) -> bool:
    """Whether lines end in a carriage return alone: the first one does, outside its quotes."""
    plain = _QUOTED.sub(b"", start)
    returned, _, _ = plain.partition(b"\n")
    return b"\r" in returned.removesuffix(b"\r")


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
