"""One row of a log as one node of a ticket: every value read by the profile, or the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from app.errors import Refused
from app.services.imports.ticket_log.profile import COLUMNS, Profile
from app.services.tables.dates import Moments, NotATime
from app.services.tables.lines import Unreadable
from app.services.tables.reader import VALUE_LIMIT, Cell, Fault, Row, text

NUMBER_LIMIT, NAME_LIMIT = 64, 200
USUAL_PRIORITY = 3
EMPTY: Mapping[str, Cell] = dict.fromkeys(COLUMNS, "")

T = TypeVar("T")


@dataclass(slots=True)
class Node:
    """What the log says a ticket was at a moment. Names are the log's own; `state` is None where we have no word."""

    line: int
    number: str
    at: datetime
    order: int
    code: str
    state: str | None
    reported_at: datetime | None
    finished_at: datetime | None
    actor: str
    served: str
    department: str
    place: str
    category: str
    team: str
    lead: str
    priority: int
    source: str
    description: str

    @property
    def key(self) -> str:
        """What makes it this node and no other, within its ticket. No name is part of it."""
        return f"{self.at.isoformat(timespec='seconds')}/{self.order}/{self.code}"


class _Wrong(Refused):
    def __init__(self, ours: str, value: str, code: str, **facts: object) -> None:
        super().__init__(code, **facts)
        self.ours, self.value = ours, value


class NodeReader:
    """Reads the rows of one table. Raises Unreadable when a column that must be there is not."""

    def __init__(self, profile: Profile, header: list[str], zone: ZoneInfo) -> None:
        absent = [name for ours, name in profile.columns.items() if name not in header]
        needed = [profile.columns[ours] for ours in sorted(profile.required) if profile.columns[ours] in absent]
        if needed:
            raise Unreadable("columns_missing", columns=", ".join(needed), profile=profile.name)
        self.absent = absent
        self._profile = profile
        self._place = {ours: header.index(name) for ours, name in profile.columns.items() if name in header}
        self._moments = Moments(profile.date_forms, profile.zone or zone)
        read_anyway = {profile.columns.get(ours) for ours in ("at", "reported_at", "finished_at")}
        self._other_dates = [
            (name, header.index(name)) for name in profile.date_columns if name in header and name not in read_anyway
        ]

    def read(self, row: Row) -> Node | Fault:
        try:
            return self._node(row)
        except _Wrong as wrong:
            column = self._profile.columns.get(wrong.ours, wrong.ours)
            return Fault(row.line, column, wrong.value, wrong.code, tuple(wrong.facts.items()))

    def _node(self, row: Row) -> Node:
        for name, place in self._other_dates:
            self._moment(name, row.cells[place])
        values = self._values(row.cells)
        code = self._word(values, "state")
        return Node(
            line=row.line,
            number=self._word(values, "number", NUMBER_LIMIT),
            at=self._at(values),
            order=self._count(values),
            code=code,
            state=self._meaning("state", code, self._profile.states) or None,
            reported_at=self._moment("reported_at", values["reported_at"]),
            finished_at=self._moment("finished_at", values["finished_at"]),
            actor=self._word(values, "actor"),
            served=self._word(values, "served"),
            department=self._word(values, "department"),
            place=self._word(values, "place"),
            category=self._word(values, "category"),
            team=self._word(values, "team"),
            lead=self._word(values, "lead"),
            priority=self._mapped(values, "priority", self._profile.priorities, USUAL_PRIORITY),
            source=self._mapped(values, "source", self._profile.sources, "import"),
            description=self._word(values, "description", VALUE_LIMIT),
        )

    def _values(self, cells: list[Cell]) -> dict[str, Cell]:
        missing = self._profile.missing
        values: dict[str, Cell] = dict(EMPTY)
        for ours, place in self._place.items():
            cell = cells[place]
            if isinstance(cell, str):
                cell = cell.strip()
                if cell in missing:
                    cell = ""
            values[ours] = cell
        for ours in self._profile.required:
            if values[ours] == "":
                raise _Wrong(ours, "", "value_missing")
        return values

    def _word(self, values: dict[str, Cell], ours: str, most: int = NAME_LIMIT) -> str:
        cell = values[ours]
        word = cell if isinstance(cell, str) else text(cell)
        if len(word) > most:
            raise _Wrong(ours, word[:40] + "…", "too_long", most=most)
        return word

    def _at(self, values: dict[str, Cell]) -> datetime:
        found = self._moment("at", values["at"])
        if found is None:
            raise _Wrong("at", "", "value_missing")
        return found

    def _moment(self, column: str, cell: Cell) -> datetime | None:
        if isinstance(cell, str) and cell.strip() in self._profile.missing:
            return None
        try:
            return self._moments.read(cell)
        except NotATime as error:
            raise _Wrong(column, text(cell)[:200], error.code, forms=" | ".join(self._moments.forms)) from error

    def _count(self, values: dict[str, Cell]) -> int:
        word = self._word(values, "order")
        if not word:
            return 0
        if not (word.isascii() and word.isdecimal() and len(word) <= 9):
            raise _Wrong("order", word, "not_a_count")
        return int(word)

    def _mapped(self, values: dict[str, Cell], ours: str, meanings: Mapping[str, T], usual: T) -> T:
        word = self._word(values, ours)
        return self._meaning(ours, word, meanings) if word else usual

    def _meaning(self, ours: str, word: str, meanings: Mapping[str, T]) -> T:
        if word not in meanings:
            raise _Wrong(ours, word, "unknown_value", known=" | ".join(meanings))
        return meanings[word]
