"""One row of a log as one node of a ticket: every value read by the profile, or the reason why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from app.errors import Refused
from app.services import spelling
from app.services.imports.ticket_log.profile import COLUMNS, Profile
from app.services.tables import cells
from app.services.tables.cells import VALUE_LIMIT, Cell, Spoilt, text
from app.services.tables.dates import Moments, NotATime
from app.services.tables.lines import Unreadable
from app.services.tables.reader import columns
from app.services.tables.records import Fault, Row

NUMBER_LIMIT, NAME_LIMIT = 64, 200
USUAL_PRIORITY = 3
EMPTY: Mapping[str, Cell] = dict.fromkeys(COLUMNS, "")
PROSE = ("description",)
AHEAD = timedelta(days=1)  # a clock of another zone, and no more than that

T = TypeVar("T")


@dataclass(slots=True)
class Node:
    """What the log says a ticket was at a moment. Names are the log's own; `state` is None where we have no word."""

    line: int
    last: int
    number: str
    at: datetime
    order: int
    code: str
    state: str | None
    waits_for: str | None
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
    """Reads the rows of one table. Raises Unreadable when a column that must be there is not.

    Nothing has happened yet that lies more than a day after `now`.
    """

    def __init__(self, profile: Profile, header: list[str], zone: ZoneInfo, *, now: datetime) -> None:
        absent = [name for ours, name in profile.columns.items() if name not in header]
        needed = [profile.columns[ours] for ours in sorted(profile.required) if profile.columns[ours] in absent]
        if needed:
            raise Unreadable("columns_missing", columns=", ".join(needed), profile=profile.name)
        self.absent = absent
        self._profile = profile
        read_anyway = {profile.columns.get(ours) for ours in ("at", "reported_at", "finished_at")}
        other_dates = [name for name in profile.date_columns if name in header and name not in read_anyway]
        names = {ours: (name,) for ours, name in profile.columns.items()} | {
            f"#{name}": (name,) for name in other_dates
        }
        self.columns = columns(header, names, PROSE)
        self._place = {ours: place for ours, place in self.columns.place.items() if ours in profile.columns}
        self._other_dates = [(name, self.columns.place[f"#{name}"]) for name in other_dates]
        self._moments = Moments(profile.date_forms, profile.zone or zone)
        self._latest = now + AHEAD

    def read(self, row: Row) -> Node | Fault:
        try:
            return self._node(row)
        except _Wrong as wrong:
            column = self._profile.columns.get(wrong.ours, wrong.ours)
            return Fault(row.line, column, wrong.value, wrong.code, tuple(wrong.facts.items()), row.last)

    def _node(self, row: Row) -> Node:
        for name, place in self._other_dates:
            self._moment(name, row.cells[place])
        values = self._values(row.cells)
        code = self._word(values, "state")
        return Node(
            line=row.line,
            last=row.last,
            number=self._number(values, "number", NUMBER_LIMIT),
            at=self._at(values),
            order=self._count(values),
            code=code,
            state=self._meaning("state", code, self._profile.states) or None,
            waits_for=self._profile.pauses.get(code) or self._profile.pauses.get(spelling.number(code)),
            reported_at=self._past("reported_at", values),
            finished_at=self._past("finished_at", values),
            actor=self._number(values, "actor"),
            served=self._number(values, "served"),
            department=self._number(values, "department"),
            place=self._number(values, "place"),
            category=self._number(values, "category"),
            team=self._number(values, "team"),
            lead=self._number(values, "lead"),
            priority=self._mapped(values, "priority", self._profile.priorities, USUAL_PRIORITY),
            source=self._mapped(values, "source", self._profile.sources, "import"),
            description=self._read(cells.prose, values, "description", VALUE_LIMIT),
        )

    def _values(self, cells: list[Cell]) -> dict[str, Cell]:
        missing = self._profile.missing
        values: dict[str, Cell] = dict(EMPTY)
        for ours, place in self._place.items():
            cell = cells[place]
            if isinstance(cell, str) and spelling.visible(cell) in missing:
                cell = ""
            values[ours] = cell
        for ours in self._profile.required:
            if values[ours] == "":
                raise _Wrong(ours, "", "value_missing")
        return values

    def _read(self, read: Callable[[Cell, int], str], values: dict[str, Cell], ours: str, most: int) -> str:
        try:
            return read(values[ours], most)
        except Spoilt as spoilt:
            raise _Wrong(ours, spoilt.value, spoilt.code, **spoilt.facts) from spoilt

    def _word(self, values: dict[str, Cell], ours: str) -> str:
        return self._read(cells.word, values, ours, NAME_LIMIT)

    def _number(self, values: dict[str, Cell], ours: str, most: int = NAME_LIMIT) -> str:
        return self._read(cells.number, values, ours, most)

    def _at(self, values: dict[str, Cell]) -> datetime:
        found = self._past("at", values)
        if found is None:
            raise _Wrong("at", "", "value_missing")
        return found

    def _past(self, ours: str, values: dict[str, Cell]) -> datetime | None:
        found = self._moment(ours, values[ours])
        if found is not None and found > self._latest:
            raise _Wrong(ours, text(values[ours])[:200], "in_the_future")
        return found

    def _moment(self, column: str, cell: Cell) -> datetime | None:
        if isinstance(cell, str) and spelling.visible(cell) in self._profile.missing:
            return None
        try:
            return self._moments.read(cell)
        except NotATime as error:
            raise _Wrong(column, text(cell)[:200], error.code, forms=" | ".join(self._moments.forms)) from error

    def _count(self, values: dict[str, Cell]) -> int:
        word = self._number(values, "order")
        if not word:
            return 0
        if not (word.isascii() and word.isdecimal() and len(word) <= 9):
            raise _Wrong("order", word, "not_a_count")
        return int(word)

    def _mapped(self, values: dict[str, Cell], ours: str, meanings: Mapping[str, T], usual: T) -> T:
        word = self._word(values, ours)
        return self._meaning(ours, word, meanings) if word else usual

    def _meaning(self, ours: str, word: str, meanings: Mapping[str, T]) -> T:
        for spelt in (word, spelling.number(word)):
            if spelt in meanings:
                return meanings[spelt]
        raise _Wrong(ours, word, "unknown_value", known=" | ".join(meanings))
