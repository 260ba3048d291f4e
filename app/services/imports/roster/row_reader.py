"""One row of a roster as one member, or the reason why not."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from app.errors import Refused
from app.models.person import ROLES, STAFF_NUMBER
from app.services import spelling
from app.services.tables import cells
from app.services.tables.cells import Cell, Spoilt, text
from app.services.tables.dates import NotATime, day
from app.services.tables.lines import Unreadable
from app.services.tables.reader import columns
from app.services.tables.records import SEPARATORS, Fault, Row

# Our name of a column, and how files call it.
COLUMNS: dict[str, tuple[str, ...]] = {
    "staff_number": ("工号", "staff_number"),
    "name": ("姓名", "name"),
    "telephone": ("电话", "手机", "telephone"),
    "job_type": ("人员类别", "job_type"),
    "wecom": ("企业微信账号", "wecom"),
    "department": ("科室代码", "department_code"),
    "department_name": ("科室名称", "department_name"),
    "provider": ("服务商代码", "provider_code"),
    "team": ("班组", "team"),
    "post": ("岗位", "post"),
    "roles": ("角色", "roles"),
    "valid_from": ("起始日期", "valid_from"),
    "valid_to": ("截止日期", "valid_to"),
}
ROLE_NAMES = {
    **{role: role for role in ROLES},
    "用户": "user",
    "工程师": "engineer",
    "服务台": "desk",
    "监督员": "supervisor",
    "管理员": "admin",
    "审计员": "auditor",
}
SUPERVISING = frozenset({"supervisor", "admin", "auditor"})
NAME_LIMIT = 200
READ: dict[str, Callable[[Cell, int], str]] = {
    **dict.fromkeys(COLUMNS, cells.number),
    **dict.fromkeys(("name", "job_type", "department_name"), cells.word),
    "telephone": cells.telephone,
}


@dataclass(frozen=True)
class Member:
    """What the roster says about somebody. An empty telephone, job type, account or set of roles says nothing."""

    line: int
    last: int
    staff_number: str
    name: str
    telephone: str
    job_type: str
    wecom: str
    department: str
    department_name: str
    provider: str
    team: str
    post: str
    roles: frozenset[str]
    valid_from: date | None
    valid_to: date | None


class _Wrong(Refused):
    def __init__(self, ours: str, value: str, code: str, **facts: object) -> None:
        super().__init__(code, **facts)
        self.ours, self.value = ours, value


@dataclass
class MemberReader:
    """Reads the rows of one roster, and keeps who stands in those that were refused, for they have not left.

    `named` holds every staff number seen; `refused` those of refused rows, one a row; `nameless` counts the rows in
    which somebody stands whose number cannot be told.
    """

    header: list[str]
    named: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    nameless: int = 0

    def __post_init__(self) -> None:
        self.columns = columns(self.header, COLUMNS)
        self._place = self.columns.place
        missing = [COLUMNS[ours][0] for ours in ("staff_number", "name") if ours not in self._place]
        if not {"department", "provider"} & self._place.keys():
            missing.append(COLUMNS["department"][0])
        if missing:
            raise Unreadable("roster_columns_missing", columns=", ".join(missing))

    @property
    def names_accounts(self) -> bool:
        return "wecom" in self._place

    def read(self, row: Row | Fault) -> Member | Fault:
        """Also a row that could not be read is seen here: somebody stands in it."""
        if isinstance(row, Fault):
            self.nameless += 1
            return row
        self.nameless += self._swallowed(row)
        try:
            return self._member(row)
        except _Wrong as wrong:
            self._remember(row, wrong)
            place = self._place.get(wrong.ours)
            column = COLUMNS[wrong.ours][0] if place is None else self.header[place]
            return Fault(row.line, column, wrong.value[:200], wrong.code, tuple(wrong.facts.items()), row.last)

    def _member(self, row: Row) -> Member:
        staff_number = self._staff_number(row.cells)
        member = Member(
            line=row.line,
            last=row.last,
            staff_number=staff_number,
            name=self._word(row.cells, "name", required=True),
            telephone=self._word(row.cells, "telephone"),
            job_type=self._word(row.cells, "job_type"),
            wecom=self._word(row.cells, "wecom"),
            department=self._word(row.cells, "department"),
            department_name=self._word(row.cells, "department_name"),
            provider=self._word(row.cells, "provider"),
            team=self._word(row.cells, "team"),
            post=self._word(row.cells, "post"),
            roles=self._roles(row.cells),
            valid_from=self._day(row.cells, "valid_from"),
            valid_to=self._day(row.cells, "valid_to"),
        )
        _check(member)
        return member

    def _staff_number(self, row: list[Cell]) -> str:
        cell = self._cell(row, "staff_number")
        word = self._word(row, "staff_number", required=True)
        if not isinstance(cell, str):
            raise _Wrong("staff_number", word, "staff_number_is_a_number")
        if not STAFF_NUMBER.fullmatch(word):
            raise _Wrong("staff_number", word, "staff_number_form")
        if word in self.named:
            raise _Wrong("staff_number", word, "staff_number_twice")
        self.named.add(word)
        return word

    def _remember(self, row: Row, wrong: _Wrong) -> None:
        if wrong.ours == "staff_number":
            self.nameless += 1  # a number that came before belongs to somebody else, too
        else:
            self.refused.append(spelling.number(text(self._cell(row.cells, "staff_number"))))

    def _swallowed(self, row: Row) -> int:
        """How many rows of others may stand between the quotes of a value over several lines."""
        if row.last <= row.line:
            return 0
        lines = [line for cell in row.cells if isinstance(cell, str) for line in cell.split("\n")]
        return sum(max(map(line.count, SEPARATORS)) >= len(self.header) - 1 for line in lines)

    def _cell(self, row: list[Cell], ours: str) -> Cell:
        place = self._place.get(ours)
        return "" if place is None else row[place]

    def _word(self, row: list[Cell], ours: str, *, required: bool = False) -> str:
        try:
            word = READ[ours](self._cell(row, ours), NAME_LIMIT)
        except Spoilt as spoilt:
            raise _Wrong(ours, spoilt.value, spoilt.code, **spoilt.facts) from spoilt
        if required and not word:
            raise _Wrong(ours, "", "value_missing")
        return word

    def _roles(self, row: list[Cell]) -> frozenset[str]:
        word = self._word(row, "roles")
        names = [name for name in re.split(r"[\s,，、;；|]+", word) if name]
        for name in names:
            if name not in ROLE_NAMES:
                raise _Wrong("roles", name, "unknown_value", known=" | ".join(ROLE_NAMES))
        return frozenset(ROLE_NAMES[name] for name in names)

    def _day(self, row: list[Cell], ours: str) -> date | None:
        cell = self._cell(row, ours)
        if not isinstance(cell, datetime) and not spelling.visible(text(cell)):
            return None
        try:
            return day(cell)
        except NotATime as error:
            raise _Wrong(ours, text(cell), error.code, forms="2026-01-31 | 2026/1/31") from error


def _check(member: Member) -> None:
    if bool(member.department) == bool(member.provider):
        raise _Wrong("department", member.department, "one_employer")
    if member.provider and member.roles & SUPERVISING:
        raise _Wrong("roles", " ".join(sorted(member.roles)), "provider_supervises")
    if {"admin", "auditor"} <= member.roles:
        raise _Wrong("roles", " ".join(sorted(member.roles)), "admin_and_auditor")
    if member.post and not member.provider:
        raise _Wrong("post", member.post, "post_without_provider")
    if member.valid_from and member.valid_to and member.valid_to < member.valid_from:
        raise _Wrong("valid_to", str(member.valid_to), "ends_before_it_begins")
