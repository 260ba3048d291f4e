"""The rows of a CSV. What stands between quotes is never taken for a row, whatever else is broken."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from app.services.tables.cells import VALUE_LIMIT, Cell
from app.services.tables.lines import Overlong, Survey, Unreadable, numbered

RECORD_LIMIT = 1024 * 1024  # letters of one row over all its lines
SEPARATORS = (",", ";", "\t", "|")
csv.field_size_limit(RECORD_LIMIT)


@dataclass(slots=True)
class Row:
    """`last` is the line it ends on, where a quoted value runs over several."""

    line: int
    cells: list[Cell]
    clean: bool = False  # known to hold no NUL, no broken letter, no line end and no value over the limit
    last: int = 0  # of a sheet there is none


@dataclass(frozen=True)
class Fault:
    """Why a row was not read: its lines, column, the value found, and the code of what was expected there."""

    line: int
    column: str
    value: str
    code: str
    facts: tuple[tuple[str, object], ...] = ()
    last: int = 0


class _Lost(Exception):
    """A quote is open, and what follows cannot be followed."""


class Records:
    """Row by row. Where it is not certain what is inside of quotes and what outside, the file ends: Unreadable."""

    def __init__(self, path: Path, found: Survey) -> None:
        self._path = path
        self._lines = numbered(path)
        self._encoding = found.encoding
        self._separator, self._announced = separator(found.first.decode(found.encoding, "replace"))
        self._last = 0

    def rows(self) -> Iterator[Row | Fault]:
        for number, raw in self._lines:
            self._last = number
            if isinstance(raw, Overlong):
                yield Fault(number, "", "", "line_too_long", last=number)
                if raw.quoted:
                    raise self._uncertain(number)
            elif self._announced and raw.strip():
                self._announced = False  # that line was about the separator
            elif raw.strip(b"\r\n"):
                yield from self._row(number, raw)

    def _row(self, number: int, raw: bytes) -> Iterator[Row | Fault]:
        line = self._decoded(raw).removeprefix("\ufeff")
        if '"' not in line:
            plain = line.rstrip("\r\n")
            clean = len(plain) <= VALUE_LIMIT and plain.isprintable()
            yield Row(number, [*plain.split(self._separator)], clean, number)
            return
        try:
            # In the strict way: a quote ends the value or is doubled.
            lines = csv.reader(
                chain([line], self._more(len(line))), delimiter=self._separator, skipinitialspace=True, strict=True
            )
            yield Row(number, [*next(lines)], last=self._last)
        except (csv.Error, _Lost):
            shown = line.rstrip("\r\n")[:200].encode("utf-8", "replace").decode()
            yield Fault(number, "", shown, "bad_quotes", last=self._last)
            raise self._uncertain(number) from None

    def _more(self, size: int) -> Iterator[str]:
        """The lines of a value in quotes."""
        for number, raw in self._lines:
            self._last = number
            if isinstance(raw, Overlong) or size + len(raw) > RECORD_LIMIT:
                raise _Lost
            size += len(raw)
            yield self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        # Bytes that are no letters stay in the line as surrogates: they are no quotes and no separators.
        return raw.decode(self._encoding, "surrogateescape")

    def _uncertain(self, line: int) -> Unreadable:
        return uncertain(self._path, line)


def uncertain(path: Path, line: int) -> Unreadable:
    """From this line on nobody knows what is a row and what a part of a value."""
    return Unreadable("quotes_lost", path=str(path), line=line)


def separator(first: str) -> tuple[str, bool]:
    """What stands between the cells, and whether the first line only says so (`sep=;`)."""
    line = first.lstrip("\ufeff \t").rstrip()
    named = line.strip('"')
    if named.lower().startswith("sep=") and len(named) <= len("sep=;"):
        return (named[4:] or "\t"), True
    outside = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=outside.count), False
