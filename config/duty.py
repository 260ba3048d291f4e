"""The shifts of the duty roster a hospital edits: config/duty.toml, read once and checked whole."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from config.files import CLOSED, Expected, Text, read_file, written_time

TimeOfDay = Annotated[time, BeforeValidator(written_time), Expected('a time of the day as "22:00"')]
Letter = Annotated[str, Expected("one letter", lambda letter: len(letter) == 1 and letter.isprintable())]


@dataclass(frozen=True, config=CLOSED)
class Shift:
    zh: Text
    en: Text
    letter: Letter
    begins: TimeOfDay
    ends: TimeOfDay

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when until when, of the shift that begins on that day."""
        last = day + timedelta(days=1) if self.ends <= self.begins else day
        return datetime.combine(day, self.begins, zone), datetime.combine(last, self.ends, zone)


@dataclass(frozen=True, config=CLOSED)
class _File:
    day: Shift
    evening: Shift
    night: Shift


@cache
def shifts() -> Mapping[str, Shift]:
    """By code, in the order of the day; raises BadFile that names what is wrong."""
    return read_shifts(Path(__file__).with_name("duty.toml"))


def read_shifts(path: Path) -> Mapping[str, Shift]:
    return dict(vars(read_file(path, _File)))
