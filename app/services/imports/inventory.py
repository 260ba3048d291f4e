"""Assets and rooms from a table: new ones are added, known ones brought up to date, by their tags."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Asset, Campus, Category, Department, Place
from app.services.organisation.assets import Kind
from app.services.tables import cells
from app.services.tables.cells import Cell, Spoilt
from app.services.tables.lines import Unreadable
from app.services.tables.reader import columns
from app.services.tables.records import Fault, Row

# Our name of a column, and how files call it; the first one is the key.
COLUMNS: dict[Kind, dict[str, tuple[str, ...]]] = {
    "asset": {
        "tag": ("资产编号", "tag"),
        "name": ("名称", "name"),
        "category_id": ("服务类别代码", "category_code"),
        "place_id": ("房间代码", "place_code"),
        "department_id": ("科室代码", "department_code"),
        "retired_at": ("停用", "retired"),
    },
    "place": {
        "code": ("房间代码", "place_code"),
        "name": ("名称", "name"),
        "department_id": ("科室代码", "department_code"),
        "campus_id": ("院区代码", "campus_code"),
        "building": ("楼", "building"),
        "floor": ("楼层", "floor"),
        "room": ("门牌", "room"),
        "telephone": ("电话", "分机", "telephone"),
    },
}
MODELS: dict[Kind, Any] = {"asset": Asset, "place": Place}
CODES: dict[str, tuple[Any, str]] = {
    "category_id": (Category, "unknown_categories"),
    "place_id": (Place, "unknown_places"),
    "department_id": (Department, "unknown_departments"),
    "campus_id": (Campus, "unknown_campuses"),
}
RETIRED = {
    **dict.fromkeys(("", "否", "在用", "no", "false"), False),
    **dict.fromkeys(("是", "停用", "报废", "yes", "true"), True),
}
LONGEST = {"tag": 40, "code": 40}
NAME_LIMIT = 200
WORDS = {"name", "building", "retired_at"}  # the others are numbers and codes


@dataclass(frozen=True)
class Item:
    """What a row says of one thing: only of the columns the file has."""

    line: int
    last: int
    words: dict[str, str]


@dataclass
class ImportCounts:
    imported: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


class ItemReader:
    """Reads the rows of one table of assets or rooms; raises Unreadable where a needed column is missing."""

    def __init__(self, kind: Kind, header: list[str]) -> None:
        self.key = next(iter(COLUMNS[kind]))
        self.columns = columns(header, COLUMNS[kind])
        if missing := [COLUMNS[kind][ours][0] for ours in (self.key, "name") if ours not in self.columns]:
            raise Unreadable("roster_columns_missing", columns=", ".join(missing))
        self._keys: set[str] = set()

    def read(self, row: Row) -> Item | Fault:
        item = Item(row.line, row.last, {})
        for ours, place in self.columns.place.items():
            try:
                item.words[ours] = self._word(ours, row.cells[place])
            except Spoilt as spoilt:
                return self.fault(item, ours, spoilt.value, spoilt.code, **spoilt.facts)
        self._keys.add(item.words[self.key])
        return item

    def fault(self, item: Item, ours: str, word: str, code: str, **facts: object) -> Fault:
        return Fault(item.line, self.columns.name(ours), word[:200], code, tuple(facts.items()), item.last)

    def _word(self, ours: str, cell: Cell) -> str:
        """Raises Spoilt."""
        word = (cells.word if ours in WORDS else cells.number)(cell, LONGEST.get(ours, NAME_LIMIT))
        if ours == self.key and not isinstance(cell, str):
            raise Spoilt(word, "staff_number_is_a_number")
        if ours in {self.key, "name"} and not word:
            raise Spoilt(word, "value_missing")
        if ours == self.key and word in self._keys:
            raise Spoilt(word, "tag_twice")
        if ours == "retired_at" and word.lower() not in RETIRED:
            raise Spoilt(word, "unknown_value", known=" | ".join(filter(None, RETIRED)))
        return word


def import_rows(
    session: Session, kind: Kind, reader: ItemReader, items: Sequence[Item], *, at: datetime
) -> ImportCounts:
    """A cell left empty empties; a column left out leaves what is known."""
    model, counts, ids = MODELS[kind], ImportCounts(), _ids(session, items)
    known = {getattr(row, reader.key): row for row in _present(session, model, reader.key, items)}
    for item in items:
        strange = [ours for ours in CODES if item.words.get(ours) and item.words[ours] not in ids[ours]]
        if strange:
            word = item.words[strange[0]]
            counts.faults.append(reader.fault(item, strange[0], word, CODES[strange[0]][1]))
            continue
        row = known.get(item.words[reader.key])
        values: dict[str, Any] = {
            ours: ids[ours].get(word) if ours in CODES else word for ours, word in item.words.items()
        }
        if "retired_at" in values:
            since = row.retired_at if row else None
            values["retired_at"] = (since or at) if RETIRED[item.words["retired_at"].lower()] else None
        if row is None:
            session.add(model(**values))
        elif all(getattr(row, name) == value for name, value in values.items()):
            counts.unchanged += 1
            continue
        else:
            for name, value in values.items():
                setattr(row, name, value)
        counts.imported += 1
    return counts


def _ids(session: Session, items: Iterable[Item]) -> dict[str, dict[str, int]]:
    """The ids behind the codes these rows name."""
    found: dict[str, dict[str, int]] = {}
    for ours, (model, _unknown) in CODES.items():
        codes = {item.words[ours] for item in items if item.words.get(ours)}
        found[ours] = dict(session.execute(select(model.code, model.id).where(model.code.in_(codes))).all())
    return found


def _present(session: Session, model: Any, key: str, items: Iterable[Item]) -> Iterable[Any]:
    return session.scalars(select(model).where(getattr(model, key).in_([item.words[key] for item in items])))
