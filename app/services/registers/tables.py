"""A register as a table and back: what is taken out and brought in again is the same file.

Each row stands for itself: one that is spoilt is named by its line and what is wrong, the others are taken in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import RegisterRecord
from app.services.registers import records, search, stock
from app.services.registers.access import Reader
from app.services.registers.records import CODE_MOST, Act
from app.services.registers.values import LINE, PROSE, Unfit, number
from app.services.tables import cells
from app.services.tables.cells import Cell, Spoilt
from app.services.tables.lines import Unreadable
from app.services.tables.reader import Columns, Table, columns
from app.services.tables.records import Fault, Row
from config.registers import Field, Register

CODE, STATE, STOCK = ("编号", "number"), ("状态", "state"), ("数量", "count")
MOST_ROWS = 5_000
BATCH = 500


@dataclass
class ImportResult:
    """What became of the rows."""

    written: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


def header(register: Register) -> list[str]:
    return [CODE[0], *(one.zh for one in register.current), STATE[0], *([STOCK[0]] if register.stock else [])]


def rows(session: Session, who: Reader, kind: str, register: Register) -> Iterator[list[str]]:
    """The header, then every record in the order they were written, as today's form has it."""
    yield header(register)
    after = 0
    while batch := search.batch(session, who, kind, after=after, size=BATCH):
        for row in batch:
            yield _row(register, row)
        after = batch[-1].RegisterRecord.id


def take_in(session: Session, kind: str, table: Table, act: Act) -> ImportResult:
    """Records are known by their number; without one they get the next. A column left out leaves what is known.

    Raises Refused where the reader may not write, and Unreadable where the table as a whole is none of this register.
    """
    register = records.writable(act.who, kind)
    if not act.who.hospital:
        raise Refused("register_read_only")
    names = _names(register)
    prose = [one.name for one in register.current if one.type == "long"]
    found = columns(table.header, names, prose)
    if missing := [names[name][0] for name in ("code", "title") if name not in found]:
        raise Unreadable("roster_columns_missing", columns=", ".join(missing))
    outcome, seen = ImportResult(), set[str]()
    for line in table.rows(found):
        if isinstance(line, Fault):
            outcome.faults.append(line)
            continue
        if outcome.written + outcome.unchanged >= MOST_ROWS:
            raise Refused("register_too_many", most=MOST_ROWS)
        _take(session, kind, register, _Line(line, found), act, outcome, seen)
    return outcome


@dataclass(frozen=True)
class _Line:
    row: Row
    found: Columns

    def fault(self, name: str, refused: Refused) -> Fault:
        value = refused.value[:200] if isinstance(refused, Spoilt) else ""
        shown = value or (cells.text(self.row.cells[self.found.place[name]])[:200] if name in self.found else "")
        column = self.found.name(name) if name in self.found else ""
        return Fault(self.row.line, column, shown, refused.code, tuple(refused.facts.items()), self.row.last)


def _take(
    session: Session, kind: str, register: Register, line: _Line, act: Act, outcome: ImportResult, seen: set[str]
) -> None:
    try:
        raw, count = _read(register, line, seen)
        changed = _write(session, kind, register, raw, act, count)
    except Unfit as unfit:
        name, refused = next(iter(unfit.faults.items()))
        outcome.faults.append(line.fault(name, refused))
    else:
        outcome.written += changed
        outcome.unchanged += not changed


def _read(register: Register, line: _Line, seen: set[str]) -> tuple[dict[str, str], int | None]:
    """A row as somebody would have typed it, and how many there are. Raises Unfit."""
    raw, name, count = dict[str, str](), "code", None
    try:
        for name, place in line.found.place.items():
            raw[name] = _text(register, name, line.row.cells[place])
        if not raw.get("state"):
            raw.pop("state", None)
        if raw.get("stock"):
            name, count = "stock", number(raw["stock"])
        if raw["code"] in seen:
            name = "code"
            raise Refused("tag_twice")
    except Refused as refused:
        raise Unfit({name: refused}) from refused
    seen.update({raw["code"]} - {""})
    return raw, count


def _write(session: Session, kind: str, register: Register, raw: dict[str, str], act: Act, count: int | None) -> bool:
    known = select(RegisterRecord.id).where(RegisterRecord.kind == kind, RegisterRecord.code == raw["code"])
    record_id = session.scalar(known) if raw["code"] else None
    if record_id is None:
        record, changed = records.create(session, kind, raw, act), True
    else:
        shown = search.one(session, act.who, kind, record_id, day=act.at.date())
        before = search.typed(register, shown.row, by_number=True)
        seen = Act(act.who, act.at, act.channel, revision=shown.record.revision)
        changed = records.revise(session, record_id, kind, before | raw, seen)
        record = shown.record
    if count is not None and count != record.stock:
        stock.shift(session, record, count - (record.stock or 0), act, movement="counted")
        changed = True
    return changed


def _text(register: Register, name: str, cell: Cell) -> str:
    """A cell as somebody would have typed it; what Excel did to it is no value. Raises Spoilt."""
    one = next((field for field in register.current if field.name == name), None)
    kind = one.type if one else {"code": "contract", "stock": "number", "state": "choice"}[name]
    match kind:
        case "long":
            return cells.prose(cell, PROSE)
        case "day" if not isinstance(cell, str) and hasattr(cell, "date"):
            return cell.date().isoformat()
        case "person" if not isinstance(cell, str):
            raise Spoilt(cells.text(cell), "staff_number_is_a_number")
        case "text" | "choice":
            return cells.word(cell, LINE)
    return cells.number(cell, CODE_MOST if name == "code" else LINE)


def _names(register: Register) -> dict[str, tuple[str, ...]]:
    beside = {"code": CODE, "state": STATE} | ({"stock": STOCK} if register.stock else {})
    return beside | {one.name: (one.zh, one.en, one.name) for one in register.current}


def _row(register: Register, row: Any) -> list[str]:
    record: RegisterRecord = row.RegisterRecord
    known: Mapping[str, str] = search.typed(register, row, by_number=True)
    cells = [_spoken(one, known[one.name]) for one in register.current]
    count = [str(record.stock)] if register.stock else []
    return [record.code, *cells, register.state(record.state, "zh"), *count]


def _spoken(one: Field, value: str) -> str:
    return one.choice(value, "zh") if one.type == "choice" and value else value
