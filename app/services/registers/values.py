"""What was written into a form or a row of a table, read and checked against the register's form."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Category, Contract, Employment, Person
from app.services import spelling
from app.services.organisation import employment
from app.services.registers.access import Reader
from config.registers import Field, Register

LINE, PROSE = 200, 4_000
MOST = 10**9
YEARS = range(1990, 2100)
_PERIOD = re.compile("20[0-9]{2}(Q[1-4]|-(0[1-9]|1[0-2]))")  # a quarter, or a month
_DAY = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?")


class Unfit(Refused):
    """What is wrong, field by field."""

    def __init__(self, faults: Mapping[str, Refused]) -> None:
        super().__init__("register_unfit")
        self.faults = faults


@dataclass
class Values:
    """As it is kept: columns, typed facts, free words."""

    columns: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)


class Lookups:
    """Numbers and codes of people, contracts and services, as a form or a table writes them."""

    def __init__(self, session: Session, who: Reader, day: date) -> None:
        self._session = session
        self._who = who
        self._day = day

    def person(self, text: str) -> int:
        """By the staff number, else by the name if only one has it; a provider names its own people by name."""
        theirs = select(Employment.id).where(Employment.person_id == Person.id, Employment.in_force(self._day))
        query = select(Person.id).where(Person.erased_at.is_(None))
        if not self._who.hospital:
            query = query.where(theirs.where(Employment.provider_id == self._who.provider_id).exists())
        elif found := self._session.scalar(query.where(Person.staff_number == spelling.number(text))):
            return found
        named = query.where(Person.name == spelling.visible(text), employment.works(Person.id, self._day))
        ids = self._session.scalars(named.limit(2)).all()
        if len(ids) != 1:
            raise Refused("register_person")
        return ids[0]

    def contract(self, text: str) -> tuple[int, int]:
        """The contract and its provider."""
        query = select(Contract.id, Contract.provider_id).where(Contract.number == text)
        if not self._who.hospital:
            query = query.where(Contract.provider_id == self._who.provider_id)
        found = self._session.execute(query).first()
        if found is None:
            raise Refused("register_contract")
        return found.id, found.provider_id

    def category(self, text: str) -> int:
        found = self._session.scalar(select(Category.id).where(func.lower(Category.code) == text.lower()))
        if found is None:
            raise Refused("unknown_category")
        return found


def read(register: Register, raw: Mapping[str, str], lookups: Lookups) -> Values:
    """Raises Unfit with every fault. An empty field is empty; one that is not named stays out."""
    values, faults = Values(), dict[str, Refused]()
    try:
        state = _choice(raw.get("state", "") or register.first_state, register.state_codes)
    except Refused as refused:
        state, faults["state"] = register.first_state, refused
    values.columns |= {"state": state, "closed": state in register.closed, "void": state in register.void}
    ends = state in register.closed and state not in register.void
    for one in register.current:
        text = raw.get(one.name, "").strip()
        try:
            if text:
                _READ[one.type](values, one, text, lookups)
            elif one.required or (one.at_end and ends):
                raise Refused("register_missing")
            else:
                _empty(values, one)
        except Refused as refused:
            faults[one.name] = refused
    if faults:
        raise Unfit(faults)
    return values


def day(text: str) -> date:
    found = _DAY.fullmatch(spelling.number(text))
    try:
        read_day = date(*map(int, found.groups())) if found else None
    except ValueError:
        read_day = None
    if read_day is None or read_day.year not in YEARS:
        raise Refused("register_day")
    return read_day


def number(text: str) -> int:
    plain = spelling.number(text)
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 10 and int(plain) <= MOST):
        raise Refused("register_number")
    return int(plain)


def _empty(values: Values, one: Field) -> None:
    columns = {"due": "due_on", "done": "done_on", "person": "person_id", "category": "category_id"}
    if one.name in columns:
        values.columns[columns[one.name]] = None
    elif one.name in {"period", "every"}:
        values.columns[one.name] = ""
    elif one.name == "contract":
        values.columns["contract_id"] = None


def _text(values: Values, one: Field, text: str, _lookups: Lookups) -> None:
    words = spelling.prose(text) if one.type == "long" else " ".join(spelling.visible(text).split())
    most = PROSE if one.type == "long" else LINE
    if len(words) > most:
        raise Refused("too_long", most=most)
    (values.columns if one.name == "title" else values.words)[one.name] = words


def _number(values: Values, one: Field, text: str, _lookups: Lookups) -> None:
    values.data[one.name] = number(text)


def _read_day(values: Values, one: Field, text: str, _lookups: Lookups) -> None:
    found = day(text)
    if one.name in {"due", "done"}:
        values.columns[f"{one.name}_on"] = found
    else:
        values.data[one.name] = found.isoformat()


def _read_choice(values: Values, one: Field, text: str, _lookups: Lookups) -> None:
    (values.columns if one.name == "every" else values.data)[one.name] = _choice(text, one.codes)


def _choice(text: str, codes: Mapping[str, str]) -> str:
    if text not in codes:
        raise Refused("register_choice")
    return codes[text]


def _quarter(values: Values, one: Field, text: str, _lookups: Lookups) -> None:
    plain = spelling.number(text).upper()
    if not _PERIOD.fullmatch(plain):
        raise Refused("register_quarter")
    (values.columns if one.name == "period" else values.data)[one.name] = plain


def _person(values: Values, _one: Field, text: str, lookups: Lookups) -> None:
    values.columns["person_id"] = lookups.person(text)


def _contract(values: Values, _one: Field, text: str, lookups: Lookups) -> None:
    values.columns["contract_id"], values.columns["provider_id"] = lookups.contract(text)


def _category(values: Values, _one: Field, text: str, lookups: Lookups) -> None:
    values.columns["category_id"] = lookups.category(text)


_READ: dict[str, Callable[[Values, Field, str, Lookups], None]] = {
    "text": _text,
    "long": _text,
    "number": _number,
    "day": _read_day,
    "choice": _read_choice,
    "quarter": _quarter,
    "person": _person,
    "contract": _contract,
    "category": _category,
}
