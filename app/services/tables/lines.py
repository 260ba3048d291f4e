"""A file as lines of bytes, plain or gzip, of any length; never more than one line in memory."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from app.errors import Refused

LINE_LIMIT = 256 * 1024
VOTES = 1_000
GZIP, ZIP, OLD_EXCEL = b"\x1f\x8b", b"PK", b"\xd0\xcf\x11\xe0"
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Refused):
    """The file as a whole cannot be read, or not to its end."""


@dataclass(frozen=True)
class Survey:
    """What one look over the whole file tells: its encoding and how many lines there are."""

    encoding: str
    lines: int


def beginning(path: Path) -> bytes:
    """The first bytes, by which a file says what it is; refuses what is no table."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise Unreadable("file_not_opened", path=str(path), reason=error.strerror or type(error).__name__) from error
    if not start:
        raise Unreadable("file_empty", path=str(path))
    if start == OLD_EXCEL:
        raise Unreadable("old_excel", path=str(path))
    if start.startswith(UTF16):
        raise Unreadable("utf16", path=str(path))
    return start


def numbered(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Line number and bytes; None for a line too long to be one. Raises Unreadable where the file breaks off."""
    with _opened(path) as file:
        number = 0
        while line := _next_line(file, path):
            number += 1
            if len(line) < LINE_LIMIT or line.endswith(b"\n"):
                yield number, line
                continue
            yield number, None
            while (rest := _next_line(file, path)) and not rest.endswith(b"\n"):
                pass


def survey(path: Path) -> Survey:
    """Count the lines and let those with other than ASCII letters vote on the encoding.

    A vote, because the first line that is not UTF-8 may be one spoilt line of a UTF-8 file, and a short line of
    GB18030 may happen to be good UTF-8.
    """
    count = utf8 = other = 0
    try:
        for number, line in numbered(path):
            count = number
            if line is None or line.isascii() or utf8 + other >= VOTES:
                continue
            if _decodes(line, "utf-8"):
                utf8 += 1
            elif _decodes(line, "gb18030"):
                other += 1
    except Unreadable:
        pass  # the reading itself comes to the same place and says so
    return Survey("gb18030" if other > utf8 else "utf-8", count)


def _opened(path: Path) -> BinaryIO:
    opener = cast(Callable[[Path, str], BinaryIO], gzip.open if beginning(path).startswith(GZIP) else open)
    return opener(path, "rb")


def _next_line(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.readline(LINE_LIMIT)
    except (EOFError, zlib.error, OSError) as error:
        raise Unreadable("file_breaks_off", path=str(path)) from error


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
