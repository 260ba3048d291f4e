"""The registers beside the tickets: config/registers.toml, read once and checked whole. A new one is a table there."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Count, Expected, Flag, Text, read_file

Name = Annotated[str, Expected("a name of small letters and _", re.compile(r"[a-z][a-z_]{0,31}").fullmatch)]
Prefix = Annotated[str, Expected("two or three capital letters", re.compile("[A-Z]{2,3}").fullmatch)]
Choice = tuple[Text, Text, Text]
"""The code, in Chinese, in English."""
FieldType = Literal["text", "long", "number", "day", "choice", "person", "quarter", "contract", "category"]

# Fields every register may have: what stands in them is a column, so that lists, plans and figures ask for it.
COLUMNS: Mapping[str, FieldType] = {
    "title": "text",
    "person": "person",
    "due": "day",
    "done": "day",
    "period": "quarter",
    "contract": "contract",
    "category": "category",
    "every": "choice",
}
PERIODS = frozenset({"week", "month", "quarter", "half", "year"})
# What the record says beside its fields, in lists and tables.
BESIDE = ("code", "state", "stock")


@dataclass(frozen=True, config=CLOSED)
class Field:
    """One thing that is written down. In forms from version `since` to version `until`."""

    name: Name
    zh: Text
    en: Text
    type: FieldType
    required: Flag = False
    at_end: Flag = False
    again: Flag = False
    choices: tuple[Choice, ...] = ()
    since: Count = 1
    until: Count | None = None

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def choice(self, code: str, language: str) -> str:
        """How a code is called; the code itself where the file has it no more."""
        return _called(self.choices, code, language)

    @property
    def codes(self) -> dict[str, str]:
        """Each code by what a table may call it."""
        return _codes(self.choices)


@dataclass(frozen=True, config=CLOSED)
class Register:
    zh: Text
    en: Text
    note_zh: Text
    note_en: Text
    prefix: Prefix
    states: tuple[Choice, ...]
    closed: tuple[Text, ...]
    fields: tuple[Field, ...]
    void: tuple[Text, ...] = ()
    form: Count = 1
    second: Flag = False
    provider_writes: Flag = False
    engineers_read: Flag = False
    stock: Flag = False
    remind_writer: Flag = False
    owner_ends: Text = ""
    remind_days: Count = 7

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def note(self, language: str) -> str:
        return self.note_en if language == "en" else self.note_zh

    def state(self, code: str, language: str) -> str:
        return _called(self.states, code, language)

    @property
    def state_codes(self) -> dict[str, str]:
        """Each code by what a table may call it."""
        return _codes(self.states)

    @property
    def first_state(self) -> str:
        return self.states[0][0]

    def fields_of(self, version: int) -> tuple[Field, ...]:
        """Those of a version of the form."""
        return tuple(one for one in self.fields if one.since <= version <= (one.until or version))

    @property
    def current(self) -> tuple[Field, ...]:
        return self.fields_of(self.form)


@dataclass(frozen=True, config=CLOSED)
class Registers:
    registers: Mapping[Name, Register]


@cache
def registers() -> Mapping[str, Register]:
    """Every register by its kind; raises BadFile that names what is wrong."""
    return read_registers(Path(__file__).with_name("registers.toml"))


def read_registers(path: Path) -> Mapping[str, Register]:
    found = read_file(path, Registers).registers
    for kind, register in found.items():
        _check(f"{path.name} [registers.{kind}]", register)
    prefixes = [register.prefix for register in found.values()]
    if len(set(prefixes)) != len(prefixes):
        raise BadFile(f"{path.name} prefix: expected each once")
    return found


def _check(where: str, register: Register) -> None:
    names = [one.name for one in register.fields]
    if len(set(names)) != len(names) or not set(names).isdisjoint(BESIDE):
        raise BadFile(f"{where} fields: expected each name once, and none of {', '.join(BESIDE)}")
    if "title" not in names:
        raise BadFile(f"{where} fields: expected one called title")
    for field in register.fields:
        _check_field(f"{where} {field.name}", field, register)
    states = {code for code, _zh, _en in register.states}
    if register.owner_ends and register.owner_ends not in {*register.closed} - {*register.void}:
        raise BadFile(f"{where} owner_ends: expected a state that closes and counts")
    if not states or not {*register.closed, *register.void} <= states or not set(register.void) <= set(register.closed):
        raise BadFile(f"{where}: expected closed among states, and void among closed")


def _check_field(where: str, field: Field, register: Register) -> None:
    if (field.type == "choice") != bool(field.choices):
        raise BadFile(f"{where}: expected choices for the type choice, and for no other")
    if COLUMNS.get(field.name, field.type) != field.type:
        raise BadFile(f"{where} type: expected {COLUMNS[field.name]} for a field of this name")
    if field.name not in COLUMNS and field.type in {"person", "contract", "category"}:
        raise BadFile(f"{where}: expected the name {field.type} for this type")
    if field.name == "every" and (
        "due" not in {one.name for one in register.fields} or {*field.codes.values()} - PERIODS
    ):
        raise BadFile(f"{where}: expected a register with a field due, and periods among {', '.join(sorted(PERIODS))}")
    if field.since > register.form or (field.until is not None and field.until < field.since):
        raise BadFile(f"{where}: expected since and until in order, and no version after form = {register.form}")
    if field.name == "title" and (field.since, field.until, field.required) != (1, None, True):
        raise BadFile(f"{where}: expected a title that is required, in every version")


def _called(choices: tuple[Choice, ...], code: str, language: str) -> str:
    return next((en if language == "en" else zh for known, zh, en in choices if known == code), code)


def _codes(choices: tuple[Choice, ...]) -> dict[str, str]:
    return {word: code for code, zh, en in choices for word in (code, en, zh)}
