"""How another system writes its tickets: a TOML file in config/profiles, checked when it is read."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import Refused
from app.models.ticket import PRIORITIES, SOURCES, STATES
from app.paths import ROOT
from app.services.tables.dates import ISO, pattern

FOLDER = ROOT / "config" / "profiles"
NEEDED = ("number", "at", "state")
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
MEANINGS: dict[str, frozenset[object]] = {
    "state": frozenset({*STATES, ""}),  # empty: recorded, but no state of ours; the ticket stays where it was
    "priority": frozenset(PRIORITIES),
    "source": frozenset(SOURCES),
}


class BadProfile(Refused):
    """There is no such profile, or it cannot be used."""


@dataclass(frozen=True)
class Profile:
    name: str
    columns: dict[str, str]
    required: frozenset[str]
    missing: frozenset[str]
    states: dict[str, str]
    priorities: dict[str, int]
    sources: dict[str, str]
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
        told = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        profile = _build(name, told)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise BadProfile("profile_unusable", name=name, reason=str(error)) from error
    if faults := _faults(told, profile):
        raise BadProfile("profile_unusable", name=name, reason="; ".join(faults))
    return profile


def _build(name: str, told: dict[str, Any]) -> Profile:
    values, dates, who = told.get("values", {}), told.get("dates", {}), told.get("names", {})
    return Profile(
        name=name,
        columns=dict(told.get("columns", {})),
        required=frozenset({*NEEDED, *told.get("required", ())}),
        missing=frozenset({"", *told.get("missing", ())}),
        states=dict(values.get("state", {})),
        priorities=dict(values.get("priority", {})),
        sources=dict(values.get("source", {})),
        date_forms=tuple(dates.get("forms", (ISO,))),
        date_columns=tuple(dates.get("columns", ())),
        zone=_zone(dates.get("zone", "")),
        create=frozenset(who.get("create", ())),
        prefix=who.get("prefix", ""),
        provider=who.get("provider", ""),
    )


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise TypeError(f"dates.zone {name} is no time zone") from error


def _faults(told: dict[str, Any], profile: Profile) -> list[str]:
    faults = [
        *_unknown("a key", told, ("columns", "required", "missing", "values", "dates", "names")),
        *_unknown("a column of ours", profile.columns, COLUMNS),
        *_unknown("a required column", profile.required, tuple(profile.columns)),
        *_unknown("a value map", told.get("values", {}), tuple(MEANINGS)),
        *_unknown("names.create", profile.create, NAMED),
        *_forms(profile.date_forms),
    ]
    for what, meanings in MEANINGS.items():
        given = told.get("values", {}).get(what, {})
        faults += [f"values.{what}: {value!r} is none of ours" for value in given.values() if value not in meanings]
    if "people" in profile.create and not profile.prefix:
        faults.append("names.prefix must be given where people are created, so that none passes for one of the roster")
    return faults


def _unknown(what: str, given: Any, known: tuple[str, ...]) -> list[str]:
    return [f"{what}: {name} is not one of {', '.join(known)}" for name in given if name not in known]


def _forms(forms: tuple[str, ...]) -> list[str]:
    faults = []
    for form in forms:
        try:
            _ = form == ISO or pattern(form)
        except ValueError:
            faults.append(f"dates.forms: {form} is not made of %Y %m %d %H %M %S")
    return faults
