"""How another system writes its tickets: a TOML file in config/profiles, checked when it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Strict
from pydantic.dataclasses import dataclass as table

from app.errors import Refused
from app.models.ticket import PAUSE_REASONS, PRIORITIES, SOURCES, STATES
from app.paths import ROOT
from app.services.tables.dates import ISO, pattern
from config.files import CLOSED, BadFile, Expected, Text, read_file

FOLDER = ROOT / "config" / "profiles"
NEEDED = ("number", "at", "state")
ANSWERED = ("accepted", "arrived")  # nobody stops a clock they have not answered
COLUMNS = (
    *NEEDED,
    "order",
    "reported_at",
    "finished_at",
    "actor",
    "served",
    "department",
    "place",
    "category",
    "priority",
    "source",
    "description",
    "team",
    "lead",
)
NAMED = ("people", "teams", "categories", "places", "departments")


class BadProfile(Refused):
    """There is no such profile, or it cannot be used."""


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _readable(form: str) -> bool:
    try:
        return form == ISO or bool(pattern(form))
    except ValueError:
        return False


def _one_of(*choices: object) -> Expected:
    return Expected(f"one of {', '.join(map(str, choices))}", choices.__contains__)


Columns = Annotated[
    Mapping[Annotated[str, _one_of(*COLUMNS)], Text],
    Expected(f"a column of the file for {', '.join(NEEDED)} at least", lambda columns: columns.keys() >= {*NEEDED}),
]
# An empty one: recorded, but no state of ours; the ticket stays where it was.
State = Annotated[str, Expected(f"one of {', '.join(STATES)} or nothing", {*STATES, ""}.__contains__)]
Priority = Annotated[int, Strict(), _one_of(*PRIORITIES)]
Source = Annotated[str, _one_of(*SOURCES)]
Pause = Annotated[str, _one_of(*PAUSE_REASONS)]
DateForm = Annotated[str, Expected(f"{ISO}, or made of %Y %m %d %H %M %S", _readable)]
ZoneName = Annotated[str, Expected("a time zone such as Asia/Shanghai", lambda name: not name or bool(_zone(name)))]


@table(frozen=True, config=CLOSED)
class _Values:
    state: Mapping[str, State] = field(default_factory=dict)
    priority: Mapping[str, Priority] = field(default_factory=dict)
    source: Mapping[str, Source] = field(default_factory=dict)
    pause: Mapping[str, Pause] = field(default_factory=dict)


@table(frozen=True, config=CLOSED)
class _Dates:
    forms: tuple[DateForm, ...] = (ISO,)
    columns: tuple[Text, ...] = ()
    zone: ZoneName = ""


@table(frozen=True, config=CLOSED)
class _Names:
    create: tuple[Annotated[str, _one_of(*NAMED)], ...] = ()
    prefix: str = ""
    provider: str = ""


@table(frozen=True, config=CLOSED)
class _File:
    columns: Columns
    required: tuple[Annotated[str, _one_of(*COLUMNS)], ...] = ()
    missing: tuple[str, ...] = ()
    values: _Values = field(default_factory=_Values)
    dates: _Dates = field(default_factory=_Dates)
    names: _Names = field(default_factory=_Names)


@dataclass(frozen=True)
class Profile:
    name: str
    columns: dict[str, str]
    required: frozenset[str]
    missing: frozenset[str]
    states: dict[str, str]
    priorities: dict[str, int]
    sources: dict[str, str]
    pauses: dict[str, str]
    """By the log's word for a state: what the solution's clock waits for while a ticket is in it."""
    date_forms: tuple[str, ...]
    date_columns: tuple[str, ...]
    zone: ZoneInfo | None
    create: frozenset[str]
    prefix: str
    provider: str


def names(folder: Path = FOLDER) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def load(name: str, folder: Path = FOLDER) -> Profile:
    """The profile of that name; raises BadProfile that says what there is, or what is wrong with it."""
    if name not in names(folder):
        raise BadProfile("no_such_profile", name=name, known=", ".join(names(folder)))
    try:
        return _profile(name, read_file(folder / f"{name}.toml", _File))
    except BadFile as error:
        raise BadProfile("profile_unusable", name=name, reason=str(error)) from error


def _profile(name: str, file: _File) -> Profile:
    for column in file.required:
        if column not in file.columns:
            raise BadFile(f"{name}.toml [columns] {column}: expected a column of the file, for it is required")
    if "people" in file.names.create and not file.names.prefix:
        expected = "a word for people who are created, so that none passes for one of the roster"
        raise BadFile(f"{name}.toml [names] prefix: expected {expected}")
    for word in file.values.pause:
        if file.values.state.get(word) not in ANSWERED:
            raise BadFile(
                f"{name}.toml [values.pause] {word}: expected a word of [values.state] that has been answered"
            )
    return Profile(
        name=name,
        columns=dict(file.columns),
        required=frozenset({*NEEDED, *file.required}),
        missing=frozenset({"", *file.missing}),
        states=dict(file.values.state),
        priorities=dict(file.values.priority),
        sources=dict(file.values.source),
        pauses=dict(file.values.pause),
        date_forms=file.dates.forms,
        date_columns=file.dates.columns,
        zone=_zone(file.dates.zone),
        create=frozenset(file.names.create),
        prefix=file.names.prefix,
        provider=file.names.provider,
    )
