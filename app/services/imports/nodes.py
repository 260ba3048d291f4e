"""One row of a log as one node of a ticket: every value read by the profile, or the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from app.errors import Refused
from app.services.imports.lines import Unreadable
from app.services.imports.moments import Moments, NotATime
from app.services.imports.profile import Profile
from app.services.imports.tables import Cell, Fault, Row, text

NUMBER_LIMIT, NAME_LIMIT = 64, 200
USUAL_PRIORITY = 3

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
        return f"{self.at:%Y-%m-%dT%H:%M:%S}/{self.order}/{self.code}"


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
        cells = row.cells
        for name, place in self._other_dates:
            self._moment(name, cells[place])
        code = self._word(cells, "state", NAME_LIMIT)
        return Node(
            line=row.line,
            number=self._word(cells, "number", NUMBER_LIMIT),
            at=self._at(cells),
            order=self._count(cells),
            code=code,
            state=self._meaning("state", code, self._profile.states) or None,
            reported_at=self._date(cells, "reported_at"),
            finished_at=self._date(cells, "finished_at"),
            actor=self._word(cells, "actor", NAME_LIMIT),
            served=self._word(cells, "served", NAME_LIMIT),
            department=self._word(cells, "department", NAME_LIMIT),
            place=self._word(cells, "place", NAME_LIMIT),
            category=self._word(cells, "category", NAME_LIMIT),
            team=self._word(cells, "team", NAME_LIMIT),
            lead=self._word(cells, "lead", NAME_LIMIT),
            priority=self._mapped(cells, "priority", self._profile.priorities, USUAL_PRIORITY),
            source=self._mapped(cells, "source", self._profile.sources, "import"),
            description=self._word(cells, "description", None),
        )

    def _cell(self, cells: list[Cell], ours: str) -> Cell:
        place = self._place.get(ours)
        cell = "" if place is None else cells[place]
        if isinstance(cell, str):
            cell = cell.strip()
            if cell in self._profile.missing:
                cell = ""
        if cell == "" and ours in self._profile.required:
            raise _Wrong(ours, "", "value_missing")
        return cell

    def _word(self, cells: list[Cell], ours: str, most: int | None) -> str:
        cell = self._cell(cells, ours)
        word = cell if isinstance(cell, str) else text(cell)
        if most is not None and len(word) > most:
            raise _Wrong(ours, word[:40] + "…", "too_long", most=most)
        return word

    def _date(self, cells: list[Cell], ours: str) -> datetime | None:
        cell = self._cell(cells, ours)
        return self._moment(ours, cell)

    def _moment(self, column: str, cell: Cell) -> datetime | None:
        if isinstance(cell, str) and cell.strip() in self._profile.missing:
            return None
        try:
            return self._moments.read(cell)
        except NotATime as error:
            raise _Wrong(column, text(cell), error.code, forms=" | ".join(self._moments.forms)) from error

    def _at(self, cells: list[Cell]) -> datetime:
        found = self._date(cells, "at")
        if found is None:
            raise _Wrong("at", "", "value_missing")
        return found

    def _count(self, cells: list[Cell]) -> int:
        word = self._word(cells, "order", None)
        if not word:
            return 0
        if not (word.isascii() and word.isdecimal() and len(word) <= 9):
            raise _Wrong("order", word, "not_a_count")
        return int(word)

    def _mapped(self, cells: list[Cell], ours: str, meanings: Mapping[str, T], usual: T) -> T:
        word = self._word(cells, ours, NAME_LIMIT)
        return self._meaning(ours, word, meanings) if word else usual

    def _meaning(self, ours: str, word: str, meanings: Mapping[str, T]) -> T:
        if word not in meanings:
            raise _Wrong(ours, word, "unknown_value", known=" | ".join(meanings))
        return meanings[word]
