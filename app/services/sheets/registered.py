"""Figures of the sheet that a register or the duty roster has: which numbers they are says config/score.toml."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.services.organisation import duty_figures
from app.services.registers import figures as registers
from app.services.sheets import reported
from app.services.sheets.reported import Registered
from app.services.sheets.terms import Term
from config.score import APART, REVIEWED, ROSTER, Indicator, Source

A_DAY = timedelta(days=1)


def read(session: Session, one: Indicator, term: Term, *, today: date | None) -> Registered | None:
    """None where nobody keeps it: then what is entered stands. Of a quarter that runs the days that are over."""
    source = one.source
    first = max(term.quarter.first, term.contract.valid_from)
    last = min(term.quarter.last, term.contract.valid_to, today - A_DAY if today else term.quarter.last)
    if source is None or last < first:
        return None
    if source.kind == ROSTER:
        duty = duty_figures.figures(session, term.contract.provider_id, first, last)
        found = Registered(_figure(one, source, vars(duty))) if duty.kept else None
        return found if found and found.figure else None
    if source.num == APART:
        return reported.compare(session, term, source.kind)
    if source.num == REVIEWED:
        rules = registers.reviewed(session, source.kind, term.contract.id, last)
        return Registered({"yes": rules.completed == rules.due}, "", rules.records) if rules.due else None
    kept = registers.figures(session, source.kind, term.contract.id, first, last, only=source.only)
    if not kept.records and not kept.waiting:
        return None
    figure = _figure(one, source, _numbers(kept))
    if figure is None or kept.waiting:
        return Registered(figure, "register_unchecked" if kept.waiting else "nothing_registered", kept.records)
    if source.least and figure.get("den", 0) < source.least:
        return Registered(None, "few_checked", kept.records)
    return Registered(figure, "", kept.records)


def _numbers(kept: registers.Figures) -> dict[str, int]:
    choices = {f"{name}.{code}": many for name, found in kept.choices.items() for code, many in found.items()}
    counted = {"due": kept.due, "done": kept.completed, "in_time": kept.in_time, "late": kept.due - kept.in_time}
    return {**kept.numbers, **choices, **counted, "dated": kept.dated}


def _figure(one: Indicator, source: Source, numbers: Mapping[str, int]) -> dict[str, Any] | None:
    number = numbers.get(source.num, 0)
    if one.takes == "count":
        return {"count": number}
    if one.takes == "yes":
        return {"yes": True} if number else None
    whole = numbers.get(source.den or "", 0)
    return {"num": min(number, whole), "den": whole} if whole else None
