"""What the thanks page asks: config/touchpoints.toml, read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MOODS = {5: "good", 4: "good", 3: "middle", 2: "bad", 1: "bad"}


@dataclass(frozen=True)
class Choice:
    code: str
    zh: str
    en: str
    target: str = "person"

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Touchpoints:
    qualities: tuple[Choice, ...]
    touchpoints: tuple[Choice, ...]
    reasons: Mapping[str, tuple[Choice, ...]]

    def reasons_for(self, level: int) -> tuple[Choice, ...]:
        return self.reasons[MOODS[level]]


@cache
def touchpoints() -> Touchpoints:
    text = Path(__file__).with_name("touchpoints.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return Touchpoints(
        qualities=_choices(tables["qualities"]),
        touchpoints=_choices(tables["touchpoints"]),
        reasons={mood: _choices(table) for mood, table in tables["reasons"].items()},
    )


def _choices(table: Mapping[str, Mapping[str, str]]) -> tuple[Choice, ...]:
    return tuple(Choice(code, **words) for code, words in table.items())
