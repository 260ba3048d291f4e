"""Days off and swapped work days: config/holidays.toml, read once and checked whole."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Strict
from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Expected, Text, read_file

Day = Annotated[date, Strict(), Expected("a date as 2026-10-01")]
Year = Annotated[str, Expected("a year as 2026", re.compile("20[0-9]{2}").fullmatch)]


@dataclass(frozen=True, config=CLOSED)
class DaysOff:
    """What a year's notice says."""

    notice: Text
    off: tuple[Day, ...]
    work: tuple[Day, ...]
    """Week-end days that are worked instead."""


@dataclass(frozen=True, config=CLOSED)
class Holidays:
    years: Mapping[Year, DaysOff]

    @property
    def off(self) -> list[date]:
        return [day for year in self.years.values() for day in year.off]

    @property
    def work(self) -> list[date]:
        return [day for year in self.years.values() for day in year.work]

    def knows(self, day: date) -> bool:
        return str(day.year) in self.years


@cache
def holidays() -> Holidays:
    """Raises BadFile that names what is wrong."""
    return read_holidays(Path(__file__).with_name("holidays.toml"))


def read_holidays(path: Path) -> Holidays:
    found = read_file(path, Holidays)
    for year, days in found.years.items():
        for day in (*days.off, *days.work):
            if str(day.year) != year:
                raise BadFile(f"{path.name} [years.{year}]: expected days of that year, not {day}")
        if both := set(days.off) & set(days.work):
            raise BadFile(f"{path.name} [years.{year}]: expected {min(both)} in off or in work, not in both")
    return found
