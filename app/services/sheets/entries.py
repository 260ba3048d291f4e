"""Figures that people enter for a quarter, with their evidence; what costs counts once a second one has looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.db import HELD, insert_first
from app.errors import Missing, Refused
from app.models import Contract, IndicatorCheck, IndicatorEntry
from app.services import events
from app.services.events import About
from app.services.sheets.terms import Term
from config.score import Indicator, RuleSet
from supervision.reading import figure, indicator

IMPROVEMENT, VETO, DEDUCTION = "improvement", "veto", "deduction"
BESIDE = {IMPROVEMENT: "count", VETO: "yes", DEDUCTION: "count"}
EVIDENCE_MOST = 2_000
MOST = 10**12


@dataclass(frozen=True)
class Value:
    """What is entered: a rate, a number, yes or no, or that there is none; one of them."""

    num: int | None = None
    den: int | None = None
    count: int | None = None
    yes: bool | None = None

    @property
    def takes(self) -> str:
        """As `config.score` names it; empty where there is no figure."""
        if self.den is not None:
            return "rate"
        return "count" if self.count is not None else "yes" if self.yes is not None else ""

    def fields(self) -> dict[str, Any] | None:
        """As `score/1` has it."""
        match self.takes:
            case "rate":
                return {"num": self.num, "den": self.den} if self.den else None
            case "count":
                return {"count": self.count}
            case "yes":
                return {"yes": self.yes}
        return None


@dataclass(frozen=True)
class Entered:
    entry: IndicatorEntry
    checked_by: int | None
    costs: bool

    @property
    def value(self) -> Value:
        one = self.entry
        return Value(one.num, one.den, one.count, one.yes)

    @property
    def waits(self) -> bool:
        """It costs something, and nobody else has looked yet: it is shown, not counted."""
        return self.costs and self.checked_by is None


@dataclass(frozen=True)
class Typed:
    """What somebody enters: for which code, from where it is known, and the deduction it replaces, if it does."""

    code: str
    value: Value
    evidence: str
    source: str = ""
    replaces: int | None = None


def enter(session: Session, term: Term, typed: Typed, *, by: int | None, at: datetime) -> IndicatorEntry:
    """Once the quarter is frozen what is entered is for its next version. Raises Refused."""
    _check(term.rules(session), typed)
    session.get_one(Contract, term.contract.id, with_for_update=HELD)
    if typed.replaces is not None and not _stands(session, term, typed.code, typed.replaces):
        raise Refused("entry_replaced")
    value, quarter = typed.value, str(term.quarter)
    values = {"num": value.num, "den": value.den, "count": value.count, "yes": value.yes}
    entry = IndicatorEntry(
        contract_id=term.contract.id,
        quarter=quarter,
        code=typed.code,
        evidence=typed.evidence,
        source=typed.source,
        replaces_id=typed.replaces,
        by_id=by,
        at=at,
        **values,
    )
    session.add(entry)
    session.flush()
    data = {"entry": entry.id, "quarter": quarter, "code": typed.code, **values}
    events.append(session, About(term.contract.id), "figure_entered", by=by, at=at, channel="console", data=data)
    return entry


def check(session: Session, entry_id: int, *, by: int, at: datetime) -> None:
    """A second person has seen the evidence. Raises Refused."""
    entry = session.get(IndicatorEntry, entry_id)
    if entry is None:
        raise Missing("no_such_entry")
    if entry.by_id == by:
        raise Refused("own_entry")
    if insert_first(session, IndicatorCheck, entry_id=entry_id, by_id=by, at=at) is None:
        raise Refused("entry_checked")
    data = {"entry": entry_id, "quarter": entry.quarter, "code": entry.code}
    events.append(session, About(entry.contract_id), "figure_checked", by=by, at=at, channel="console", data=data)


def standing(session: Session, term: Term) -> list[Entered]:
    """Those that stand: the newest of each code, and every deduction that none replaces; the oldest first."""
    successor = aliased(IndicatorEntry)
    query = (
        select(IndicatorEntry, IndicatorCheck.by_id)
        .outerjoin(IndicatorCheck, IndicatorCheck.entry_id == IndicatorEntry.id)
        .outerjoin(successor, successor.replaces_id == IndicatorEntry.id)
        .where(
            IndicatorEntry.contract_id == term.contract.id,
            IndicatorEntry.quarter == str(term.quarter),
            successor.id.is_(None),
        )
        .order_by(IndicatorEntry.id)
    )
    newest: dict[object, Entered] = {}
    rules = term.rules(session)
    for entry, checked_by in session.execute(query):
        key = entry.id if entry.code == DEDUCTION else entry.code
        newest.pop(key, None)
        newest[key] = Entered(entry, checked_by, _costs(rules, entry))
    return list(newest.values())


def history(session: Session, term: Term, code: str) -> Sequence[IndicatorEntry]:
    """Everything that was ever entered for a code, the newest first."""
    query = select(IndicatorEntry).where(
        IndicatorEntry.contract_id == term.contract.id,
        IndicatorEntry.quarter == str(term.quarter),
        IndicatorEntry.code == code,
    )
    return session.scalars(query.order_by(IndicatorEntry.id.desc())).all()


def _check(rules: RuleSet, typed: Typed) -> None:
    code, value, evidence = typed.code, typed.value, typed.evidence
    line = rules.indicator(code)
    takes = BESIDE.get(code) or (line.takes if line and not line.counted else None)
    if takes is None:
        raise Missing("no_such_indicator")
    if value.takes not in {"", takes}:
        raise Refused("figure_form")
    numbers = [number for number in (value.num, value.den, value.count) if number is not None]
    rate_wrong = value.takes == "rate" and (value.num is None or value.num > (value.den or 0))
    if rate_wrong or any(not 0 <= number <= MOST for number in numbers):
        raise Refused("figure_form")
    if not evidence:
        raise Refused("evidence_missing")
    if len(evidence) > EVIDENCE_MOST:
        raise Refused("too_long", most=EVIDENCE_MOST)


def _stands(session: Session, term: Term, code: str, entry_id: int) -> bool:
    entry, place = session.get(IndicatorEntry, entry_id), (term.contract.id, str(term.quarter), code)
    own = entry is not None and (entry.contract_id, entry.quarter, entry.code) == place
    replaced = select(IndicatorEntry.id).where(IndicatorEntry.replaces_id == entry_id)
    return own and session.scalar(replaced) is None


def _costs(rules: RuleSet, entry: IndicatorEntry) -> bool:
    """Whether it takes points or money off."""
    value = Value(entry.num, entry.den, entry.count, entry.yes)
    if entry.code in BESIDE:
        return entry.code != IMPROVEMENT and bool(entry.count or entry.yes)
    line = rules.indicator(entry.code)
    return line is not None and _short_of_full(line, value)


def _short_of_full(line: Indicator, value: Value) -> bool:
    scored = figure(line.code, value.fields())
    row = indicator(line.row())
    share = None if scored is None else row.rule.share(scored, row.weight)
    return share is not None and share < 1
