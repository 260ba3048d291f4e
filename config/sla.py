"""Service levels: config/sla.toml, read once and checked whole. What they mean is `supervision/`'s to say."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Expected, Flag, Text, read_file, written_time
from config.holidays import Day

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = "([0-6][0-9]|7[0-2]):[0-5][0-9]"
Hours = Annotated[str, Expected('hours as "08:00-12:00"', re.compile(f"{_TIME}-{_TIME}").fullmatch)]
LimitText = Annotated[
    str, Expected('a limit as "30m", "2h", "1wd" or "5wd end"', re.compile("[1-9][0-9]{0,4}(m|h|wd|wd end)").fullmatch)
]
TimeOfDay = Annotated[time, BeforeValidator(written_time), Expected('a time of the day as "08:00"')]
Code = Annotated[str, Expected("a code of small letters, digits and _", re.compile(r"[a-z][a-z0-9_]{0,31}").fullmatch)]
Priority = Literal[1, 2, 3, 4]


@dataclass(frozen=True, config=CLOSED)
class OpeningHours:
    """A week; whether the days off and swapped work days are followed, and like which day those are."""

    zh: Text
    en: Text
    mon: tuple[Hours, ...] = ()
    tue: tuple[Hours, ...] = ()
    wed: tuple[Hours, ...] = ()
    thu: tuple[Hours, ...] = ()
    fri: tuple[Hours, ...] = ()
    sat: tuple[Hours, ...] = ()
    sun: tuple[Hours, ...] = ()
    holidays: Flag = False
    swapped: Weekday = "mon"

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def on(self, day: Weekday) -> list[list[str]]:
        hours: tuple[str, ...] = getattr(self, day)
        return [span.split("-") for span in hours]


@dataclass(frozen=True, config=CLOSED)
class Limits:
    """For which tickets, by which calendar, how much time; an empty list is every ticket."""

    calendar: Code
    dispatch: LimitText
    response: LimitText
    arrival: LimitText
    solution: LimitText
    priorities: tuple[Priority, ...] = ()
    departments: tuple[Code, ...] = ()
    campuses: tuple[Text, ...] = ()

    def fits(self, priority: int, department_type: str | None, campus: str | None) -> bool:
        checks = ((self.priorities, priority), (self.departments, department_type), (self.campuses, campus))
        return all(not allowed or value in allowed for allowed, value in checks)


@dataclass(frozen=True, config=CLOSED)
class Version:
    """Of these contracts, by their numbers; of none named, for all that have no version of their own that day."""

    name: Text
    since: Day
    limits: tuple[Limits, ...]
    contracts: tuple[Text, ...] = ()


@dataclass(frozen=True, config=CLOSED)
class ServiceLevels:
    calendars: Mapping[Code, OpeningHours]
    department_types: Mapping[Code, tuple[Text, ...]]
    versions: tuple[Version, ...]
    shift_changes: tuple[TimeOfDay, ...] = ()
    """When one shift hands over to the next."""

    def version(self, day: date, contract: str | None = None) -> Version | None:
        """The one for what was reported that day under this contract; none before the first."""
        begun = [version for version in reversed(self.versions) if version.since <= day]
        own = [version for version in begun if contract in version.contracts]
        return next(iter(own or [version for version in begun if not version.contracts]), None)

    @property
    def by_contract(self) -> bool:
        """Whether it matters under which contract something was reported."""
        return any(version.contracts for version in self.versions)

    def type_of(self, department: str | None) -> str | None:
        """Of a department's code."""
        known = self.department_types.items()
        return next((name for name, codes in known if department and _any_fits(codes, department)), None)


@cache
def service_levels() -> ServiceLevels:
    """Raises BadFile that names what is wrong."""
    return read_service_levels(Path(__file__).with_name("sla.toml"))


def read_service_levels(path: Path) -> ServiceLevels:
    found = read_file(path, ServiceLevels)
    for contract in {None, *(number for version in found.versions for number in version.contracts)}:
        own = [
            version
            for version in found.versions
            if (contract in version.contracts if contract else not version.contracts)
        ]
        if not own or any(one.since >= other.since for one, other in pairwise(own)):
            raise BadFile(
                f"{path.name} versions: expected one for all at least, each of a later day than the one above"
            )
    for version in found.versions:
        if fault := next(limit_faults(version.limits, found), None):
            raise BadFile(f"{path.name} version {version.name} {fault.sentence}")
    return found


@dataclass(frozen=True)
class LimitFault:
    """What is wrong between the fields of some limits: at which of them, by which rule, and in words."""

    field: str
    code: str
    sentence: str


def limit_faults(limits: tuple[Limits, ...], known: ServiceLevels) -> Iterator[LimitFault]:
    for number, one in enumerate(limits):
        if one.calendar not in known.calendars:
            text = f"calendar: expected one of {', '.join(known.calendars)}, not {one.calendar}"
            yield LimitFault(f"limits.{number}.calendar", "unknown", text)
        if unknown := set(one.departments) - set(known.department_types):
            text = f"departments: expected types of [department_types], not {min(unknown)}"
            yield LimitFault(f"limits.{number}.departments", "unknown", text)
    last = limits[-1] if limits else None
    if last is None or last.priorities or last.departments or last.campuses:
        field = f"limits.{max(0, len(limits) - 1)}.solution"
        yield LimitFault(field, "last_limit", "limits: expected the last to fit every ticket")


def _any_fits(codes: tuple[str, ...], department: str) -> bool:
    return any(department.startswith(code[:-1]) if code.endswith("*") else department == code for code in codes)
