"""A table as rows of cells, from CSV or XLSX alike. A row that cannot be read is a fault of its own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.services import spelling
from app.services.tables import workbook
from app.services.tables.cells import VALUE_LIMIT, Cell, Damaged, filled, text
from app.services.tables.lines import EMPTY_ZIP, ZIP, Unreadable, beginning, survey
from app.services.tables.records import SEPARATORS, Fault, Records, Row, uncertain


@dataclass(frozen=True)
class Columns:
    """The columns somebody reads, by our names; the others may hold anything. Only prose runs over lines."""

    header: list[str]
    place: dict[str, int]
    prose: frozenset[str]

    def __contains__(self, ours: object) -> bool:
        return ours in self.place

    def name(self, ours: str) -> str:
        return self.header[self.place[ours]]


@dataclass(frozen=True)
class Table:
    """The names of the columns, and the rows below them. `total` is how many at most."""

    path: Path
    header: list[str]
    total: int | None
    encoding: str
    records: Iterator[Row | Fault]

    def rows(self, read: Columns) -> Iterator[Row | Fault]:
        """Once, as they come. Raises Unreadable where the file breaks off, or where there is not one row."""
        count = 0
        for record in self.records:
            if isinstance(record, Row) and not any(map(filled, record.cells)):
                continue
            count += 1
            fault = record if isinstance(record, Fault) else self._flaw(record, read)
            yield fault or record
            if fault and isinstance(record, Row) and _astray(record, fault):
                raise uncertain(self.path, record.line)
        if not count:
            raise Unreadable("no_rows", path=str(self.path))

    def _flaw(self, row: Row, read: Columns) -> Fault | None:
        if len(row.cells) != len(self.header):
            facts = (("expected", len(self.header)), ("found", len(row.cells)))
            shown = _readable(",".join(map(text, row.cells))[:200])
            return Fault(row.line, "", shown, "wrong_number_of_columns", facts, row.last)
        for ours, place in () if row.clean else read.place.items():
            if found := _spoilt(row.cells[place], in_prose=ours in read.prose, of_sheet=not row.last):
                code, shown = found
                known: dict[str, object] = {"encoding": self.encoding, "most": VALUE_LIMIT}
                return Fault(row.line, read.name(ours), shown, code, tuple(known.items()), row.last)
        return None


def open_table(path: Path) -> Table:
    """Read a CSV (plain or gzip, UTF-8 or GB18030) or the first visible sheet of an XLSX; raises Unreadable."""
    encoding = ""
    if beginning(path).startswith((ZIP, EMPTY_ZIP)):
        records, total = workbook.sheet(path)
    else:
        found = survey(path)
        records, total, encoding = Records(path, found).rows(), max(0, found.lines - 1), found.encoding
    first = next((one for one in records if isinstance(one, Fault) or any(map(filled, one.cells))), None)
    if first is None:
        raise Unreadable("no_header", path=str(path))
    names = [] if isinstance(first, Fault) else [text(cell) for cell in first.cells]
    if not names or any(map(_broken, names)):
        raise Unreadable("header_unreadable", path=str(path), line=first.line)
    header = [" ".join(spelling.visible(name).split()) for name in names]
    if len(header) == 1:
        raise Unreadable("one_column", path=str(path), column=header[0][:80])
    return Table(path, header, total, encoding, records)


def columns(header: list[str], names: Mapping[str, Iterable[str]], prose: Iterable[str] = ()) -> Columns:
    """Find the columns by the names files give them; one that stands twice is refused, if it is one of these."""
    place = {}
    for ours, theirs in names.items():
        name = next((name for name in theirs if name in header), None)
        if name is None:
            continue
        if header.count(name) > 1:
            raise Unreadable("column_twice", column=name)
        place[ours] = header.index(name)
    return Columns(header, place, frozenset(prose))


def _spoilt(cell: Cell, *, in_prose: bool, of_sheet: bool) -> tuple[str, str] | None:
    """What is wrong with a cell that is read, whatever is to stand in it, and how it is shown."""
    if isinstance(cell, Damaged):
        return None if in_prose else (cell.code, cell.shown)
    if not isinstance(cell, str):
        return None
    if "\0" in cell:
        return "nul_byte", _readable(cell.replace("\0", "\\0"))[:200]
    if _broken(cell):
        return "undecodable", _readable(cell)[:200]
    if len(cell) > VALUE_LIMIT:
        return "too_long", cell[:40] + "…"
    return None if in_prose or of_sheet or not _runs_on(cell) else ("line_break", cell[:200])


def _astray(row: Row, fault: Fault) -> bool:
    """Whether the row of a CSV swallowed others by a quote that does not belong there, or was cut in two."""
    lines = [cell for cell in row.cells if isinstance(cell, str) and _runs_on(cell)] if row.last else []
    if fault.code == "line_break":  # a name may run on, but not with cells of its own
        return any(separator in cell for separator in SEPARATORS for cell in lines)
    return bool(lines) and fault.code == "wrong_number_of_columns"


def _runs_on(cell: str) -> bool:
    return "\n" in cell or "\r" in cell


def _broken(cell: str) -> bool:
    """Whether bytes stand in it that are no letters."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False


def _readable(cell: str) -> str:
    return cell.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
