"""The quarter's score: config/score.toml, read once and checked whole. What it comes to is `supervision/`'s to say."""

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Count, Expected, Flag, Text, read_file
from config.holidays import Day
from config.registers import registers
from config.sla import LimitText, service_levels

FULL = 100_00
_NAMED = re.compile(r"[a-z][a-z_]{0,31}(\.[a-z][a-z_]{0,31})?")
Points = Annotated[str, Expected('points as "3.00"', re.compile(r"[0-9]{1,3}\.[0-9]{2}").fullmatch)]
Share = Annotated[str, Expected('a share as "95%"', re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?%").fullmatch)]
Code = Annotated[str, Expected('a code as "C1.1"', re.compile(r"[A-Z][0-9A-Z.]{0,7}").fullmatch)]
Name = Annotated[str, Expected("a name of small letters and _", re.compile(r"[a-z][a-z_]{0,31}").fullmatch)]
FigureName = Annotated[str, Expected("a name, or a choice of one as result.success", _NAMED.fullmatch)]
MANUAL, IMPORTED, ROSTER = "manual", "imported", "roster"
REVIEWED, APART = "reviewed", "apart"


@dataclass(frozen=True, config=CLOSED)
class Source:
    """Which numbers of which register (or of the duty roster) an indicator is; below `least` it is not applicable.

    due, done, in_time, late, dated (docs/registers.md), the sum of a number, how often a choice was taken; `reviewed`:
    whether all that stands was, `apart`: how far reported figures are from ours. Of the roster present, asked,
    unapproved, key_posts, backed.
    """

    kind: Name
    num: FigureName
    den: FigureName | None = None
    only: dict[str, Text] | None = None
    least: Count | None = None
    unconfirmed: Flag = False
    """The provider's own word counts, though nobody of the hospital confirms it."""


@dataclass(frozen=True, config=CLOSED)
class Indicator:
    code: Code
    group: Code
    dimension: Code
    zh: Text
    en: Text
    weight: Points
    measure: Name
    formula_zh: Text
    formula_en: Text
    type: Literal["L", "D", "Y"]
    target: Share | None = None
    floor: Share | None = None
    per: Points | None = None
    step: Share | None = None
    small_sample: Flag = False
    register: Name | None = None
    source: Source | None = None

    @property
    def counted(self) -> bool:
        """By itself, from the records."""
        return self.measure not in {MANUAL, IMPORTED}

    @property
    def takes(self) -> str:
        """What kind of figure it has: rate, count or yes."""
        return "yes" if self.type == "Y" else "count" if self.type == "D" and self.step is None else "rate"

    def row(self) -> dict[str, Any]:
        """As `score/1` has it."""
        fields: dict[str, Any] = {"code": self.code, "group": self.group, "dimension": self.dimension}
        fields |= {"weight": hundredths(self.weight), "type": self.type}
        shares = {"target": self.target, "floor": self.floor, "step": self.step}
        fields |= {name: pair(share) for name, share in shares.items() if share is not None}
        if self.per is not None:
            fields["per"] = hundredths(self.per)
        if self.small_sample:
            fields["small_sample"] = True
        return fields


@dataclass(frozen=True, config=CLOSED)
class Band:
    least: Points
    grade: Text
    k: Points


@dataclass(frozen=True, config=CLOSED)
class Settlement:
    """By bands, or in proportion: full from `full_at` points on."""

    mode: Literal["bands", "proportional"]
    bands: tuple[Band, ...] = ()
    full_at: Points | None = None
    veto_k: Points = "0.00"

    def rule(self) -> dict[str, Any]:
        """As `score/1` has it."""
        if self.mode == "bands":
            rows = [[hundredths(one.least), one.grade, hundredths(one.k)] for one in self.bands]
            return {"mode": "bands", "bands": rows}
        return {"mode": self.mode, "full_at": hundredths(self.full_at or "0.00"), "veto_k": hundredths(self.veto_k)}


@dataclass(frozen=True, config=CLOSED)
class Bonus:
    praise: Points
    praise_most: Points
    improvement: Points
    improvement_most: Points


@dataclass(frozen=True, config=CLOSED)
class RuleSet:
    """Of these contracts, by their numbers; of none named, for all that have no version of their own."""

    name: Text
    since: Day
    settlement: Settlement
    bonus: Bonus
    objections: LimitText
    calendar: Name
    indicators: tuple[Indicator, ...]
    contracts: tuple[Text, ...] = ()

    def indicator(self, code: str) -> Indicator | None:
        return next((one for one in self.indicators if one.code == code), None)

    def tree(self) -> list[dict[str, Any]]:
        return [one.row() for one in self.indicators]


@dataclass(frozen=True, config=CLOSED)
class Rules:
    versions: tuple[RuleSet, ...]

    def rule_set(self, first: date, contract: str) -> RuleSet | None:
        """For the quarter that begins that day under this contract; none before the first version."""
        begun = [version for version in reversed(self.versions) if version.since <= first]
        own = [version for version in begun if contract in version.contracts]
        return next(iter(own or [version for version in begun if not version.contracts]), None)


@cache
def score_rules() -> Rules:
    """Raises BadFile that names what is wrong."""
    return read_score_rules(Path(__file__).with_name("score.toml"))


def read_score_rules(path: Path) -> Rules:
    found = read_file(path, Rules)
    for contract in {None, *(number for version in found.versions for number in version.contracts)}:
        own = [one for one in found.versions if (contract in one.contracts if contract else not one.contracts)]
        if not own or any(one.since >= other.since for one, other in pairwise(own)):
            raise BadFile(f"{path.name} versions: expected one for all at least, each of a later day than one above")
    for version in found.versions:
        if fault := next(faults(version), None):
            raise BadFile(f"{path.name} version {version.name} {fault.sentence}")
    return found


@dataclass(frozen=True)
class RuleFault:
    """What is wrong between the fields of a rule set: at which of them, by which rule, and in words."""

    field: str
    code: str
    where: str
    expected: str

    @property
    def sentence(self) -> str:
        return f"{self.where}: expected {self.expected}"


def faults(version: RuleSet) -> Iterator[RuleFault]:
    codes = [one.code for one in version.indicators]
    if len(set(codes)) != len(codes):
        yield RuleFault("indicators", "code_twice", "indicators", "each code once")
    if (found := sum(hundredths(one.weight) for one in version.indicators)) != FULL:
        expected = f"weights that come to 100.00, not {found / 100:.2f}"
        yield RuleFault("indicators", "weights_sum", "indicators", expected)
    for number, one in enumerate(version.indicators):
        yield from _indicator_faults(f"indicators.{number}", one)
    if version.calendar not in service_levels().calendars:
        expected = f"one of sla.toml: {', '.join(service_levels().calendars)}"
        yield RuleFault("calendar", "unknown", "calendar", expected)
    yield from _settlement_faults(version.settlement)


def _settlement_faults(rule: Settlement) -> Iterator[RuleFault]:
    if (rule.mode == "bands") != bool(rule.bands) or (rule.mode == "proportional") != bool(rule.full_at):
        expected = "bands, or full_at where it is proportional"
        yield RuleFault("settlement.mode", "settlement_mode", "settlement", expected)
    for number, band in enumerate(rule.bands):
        if hundredths(band.k) > 100:
            yield RuleFault(f"settlement.bands.{number}.k", "k_above_one", "settlement", "no k above 1.00")
    if hundredths(rule.veto_k) > 100:
        yield RuleFault("settlement.veto_k", "k_above_one", "settlement", "no k above 1.00")
    reached = [hundredths(band.least) for band in rule.bands]
    if reached and (reached != sorted(set(reached), reverse=True) or reached[-1]):
        expected = "bands from the highest down to 0.00"
        yield RuleFault("settlement.bands.0.least", "bands_order", "settlement", expected)
    if rule.full_at is not None and not hundredths(rule.full_at):
        yield RuleFault("settlement.full_at", "full_at_none", "settlement", "a full_at above 0.00")


def _indicator_faults(field: str, one: Indicator) -> Iterator[RuleFault]:
    fields = {name for name in ("target", "floor", "per", "step") if getattr(one, name) is not None}
    allowed = {"L": [{"target", "floor"}], "D": [{"per"}, {"per", "target", "step"}], "Y": [set[str]()]}[one.type]
    if fields not in allowed or (one.small_sample and one.type != "L"):
        expected = "target and floor for L, per (with target and step) for D, none for Y"
        yield RuleFault(f"{field}.type", "type_fields", one.code, expected)
    if one.type == "L" and one.target is not None and one.floor is not None and pair(one.target) == pair(one.floor):
        yield RuleFault(f"{field}.floor", "floor_is_target", one.code, "a floor that is not the target")
    if one.step is not None and not pair(one.step)[0]:
        yield RuleFault(f"{field}.step", "step_none", one.code, "a step above 0 %")
    if one.source is not None:
        yield from _source_faults(field, one, one.source)
    if one.register is not None and one.measure != MANUAL:
        yield RuleFault(field, "register", one.code, "a register of what is entered by hand alone")


def _source_faults(field: str, one: Indicator, source: Source) -> Iterator[RuleFault]:
    if one.measure != MANUAL or one.register is not None or (source.den is None) == (one.takes == "rate"):
        expected = "of what else is entered by hand, with den for a rate alone"
        yield RuleFault(f"{field}.type", "source", f"{one.code} source", expected)
    fit = {kind for kind, one in registers().items() if one.second or not one.provider_writes}
    if source.kind != ROSTER and source.kind not in (registers() if source.unconfirmed else fit):
        expected = f"roster, or a register of which the hospital confirms what counts: {fit}"
        yield RuleFault(field, "source", f"{one.code} source", expected)


def hundredths(points: str) -> int:
    return int(points.replace(".", ""))


def pair(share: str) -> list[int]:
    exact = Fraction(share.removesuffix("%")) / 100
    return [exact.numerator, exact.denominator]
