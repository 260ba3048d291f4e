"""What the thanks page asks: config/touchpoints.toml, read once and checked whole."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Expected, Text, read_file

MOODS = {5: "good", 4: "good", 3: "middle", 2: "bad", 1: "bad"}
Code = Annotated[
    str, Expected("a code of at most 32 small letters, digits and _", re.compile(r"[a-z][a-z0-9_]{0,31}").fullmatch)
]
Target = Literal["person", "system", "rule"]


@dataclass(frozen=True)
class Choice:
    code: str
    zh: str
    en: str
    target: Target = "person"
    at: str = ""
    """The touchpoint a reason belongs to."""

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Touchpoints:
    qualities: tuple[Choice, ...]
    touchpoints: tuple[Choice, ...]
    reasons: Mapping[str, tuple[Choice, ...]]

    def reasons_for(self, level: int) -> tuple[Choice, ...]:
        return self.reasons[MOODS[level]]


@dataclass(frozen=True, config=CLOSED)
class _Words:
    zh: Text
    en: Text


@dataclass(frozen=True, config=CLOSED)
class _Reason(_Words):
    target: Target = "person"
    at: str = ""


@dataclass(frozen=True, config=CLOSED)
class _Reasons:
    good: Mapping[Code, _Reason]
    middle: Mapping[Code, _Reason]
    bad: Mapping[Code, _Reason]


@dataclass(frozen=True, config=CLOSED)
class _File:
    qualities: Mapping[Code, _Words]
    touchpoints: Mapping[Code, _Words]
    reasons: _Reasons


@cache
def touchpoints() -> Touchpoints:
    """Raises BadFile that names what is wrong."""
    return read_touchpoints(Path(__file__).with_name("touchpoints.toml"))


def read_touchpoints(path: Path) -> Touchpoints:
    file = read_file(path, _File)
    for mood in dict.fromkeys(MOODS.values()):
        for code, reason in getattr(file.reasons, mood).items():
            if reason.at and reason.at not in file.touchpoints:
                raise BadFile(f"{path.name}: reasons.{mood}.{code}.at: one of [touchpoints] was expected")
    return Touchpoints(
        qualities=_choices(file.qualities),
        touchpoints=_choices(file.touchpoints),
        reasons={mood: _choices(getattr(file.reasons, mood)) for mood in dict.fromkeys(MOODS.values())},
    )


def _choices(table: Mapping[str, _Words]) -> tuple[Choice, ...]:
    return tuple(Choice(code, **vars(words)) for code, words in table.items())
