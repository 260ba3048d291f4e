"""From where on a signal asks for a second look: config/integrity.toml, read once and checked whole."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Strict
from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Count, Expected, Text, read_file

PerCent = Annotated[int, Strict(), Expected("a share from 1 to 100", lambda number: 1 <= number <= 100)]
_TEXTS = frozenset({"zh", "en", "rule_zh", "rule_en"})


@dataclass(frozen=True, config=CLOSED)
class Signal:
    zh: Text
    en: Text
    rule_zh: Text
    rule_en: Text

    @property
    def numbers(self) -> dict[str, int]:
        """What its function takes."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _TEXTS}

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def rule(self, language: str, numbers: Mapping[str, int] | None = None) -> str:
        """With the numbers it stands by, or those it stood by then."""
        return (self.rule_en if language == "en" else self.rule_zh).format(**(numbers or self.numbers))


@dataclass(frozen=True, config=CLOSED)
class Seconds(Signal):
    seconds: Count
    least: Count


@dataclass(frozen=True, config=CLOSED)
class OneRater(Signal):
    least: Count
    fives: PerCent
    one_in: Count


@dataclass(frozen=True, config=CLOSED)
class OnePhone(Signal):
    people: Count
    departments: Count


@dataclass(frozen=True, config=CLOSED)
class Bursts(Signal):
    minutes: Count
    least: Count
    people: Count
    one_in: Count


@dataclass(frozen=True, config=CLOSED)
class SameWords(Signal):
    letters: Count
    alike: PerCent
    least: Count
    one_in: Count


@dataclass(frozen=True, config=CLOSED)
class StraightLines(Signal):
    least: Count
    share: PerCent


@dataclass(frozen=True, config=CLOSED)
class ShownToFew(Signal):
    least: Count
    part: PerCent
    one_in: Count


@dataclass(frozen=True, config=CLOSED)
class Oftener(Signal):
    least: Count
    one_in: Count


@dataclass(frozen=True, config=CLOSED)
class _File:
    within_seconds: Seconds
    one_rater: OneRater
    one_phone: OnePhone
    bursts: Bursts
    same_words: SameWords
    straight_lines: StraightLines
    shown_to_few: ShownToFew
    risen_after_contact: Oftener
    walk_ups: Oftener
    dropped_unhappy: Oftener


@cache
def signals() -> Mapping[str, Signal]:
    """By name; raises BadFile that names what is wrong."""
    return read_signals(Path(__file__).with_name("integrity.toml"))


def read_signals(path: Path) -> Mapping[str, Signal]:
    found: dict[str, Signal] = dict(vars(read_file(path, _File)))
    for name, signal in found.items():
        for language in ("zh", "en"):
            try:
                signal.rule(language)
            except (KeyError, IndexError, ValueError) as error:
                known = ", ".join(f"{{{number}}}" for number in signal.numbers)
                raise BadFile(
                    f"{path.name} [{name}] rule_{language}: expected no other than {known} in braces"
                ) from error
    return found


def thresholds() -> dict[str, dict[str, int]]:
    """As `supervision.signals` takes them."""
    return {name: signal.numbers for name, signal in signals().items()}
