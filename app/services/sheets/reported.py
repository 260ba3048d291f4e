"""How far the figures of the provider's reports are from those of the records."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import RegisterRecord
from app.services.indicators import counting
from app.services.sheets.terms import Term

WITHIN, STEP = Fraction(2, 100), Fraction(2, 100)
# What is typed into a report: by which measure we have it, and whether it is its numerator.
OURS = {
    "tickets": ("remote", False),
    "response": ("response_in_time", True),
    "solution": ("solution_in_time", True),
    "satisfied": ("satisfied", True),
    "ratings": ("satisfied", False),
}


@dataclass(frozen=True)
class Registered:
    """What a register says; `why` where it says nothing yet, `records` are the ids behind it."""

    figure: dict[str, Any] | None
    why: str = ""
    records: tuple[int, ...] = ()


def compare(session: Session, term: Term, kind: str) -> Registered | None:
    """How many whole steps of two points the worst figure of the quarter's reports is beyond 2 % of ours.

    Of reports that somebody of the hospital has confirmed. None where nobody keeps them.
    """
    query = select(RegisterRecord).where(
        RegisterRecord.kind == kind,
        RegisterRecord.contract_id == term.contract.id,
        RegisterRecord.period == str(term.quarter),
        RegisterRecord.void.is_(False),
    )
    rows = session.scalars(query.order_by(RegisterRecord.id)).all()
    typed = [one for one in rows if any(name in one.data for name in OURS)]
    sure = [one for one in typed if one.confirmed_at is not None]
    if not typed:
        return None
    if not sure:
        return Registered(None, "register_unchecked")
    worst = max(apart for one in sure for apart in _apart(session, term, one.data))
    why = "register_unchecked" if len(sure) < len(typed) else ""
    return Registered({"count": steps(worst)}, why, tuple(one.id for one in sure))


def steps(apart: Fraction) -> int:
    return max(0, int((apart - WITHIN) // STEP))


def _apart(session: Session, term: Term, typed: dict[str, Any]) -> Iterator[Fraction]:
    for name, (measure, of_them) in OURS.items():
        if name in typed:
            found = counting.of(session, measure, term.scope)
            ours = found.num if of_them else found.den
            yield Fraction(abs(typed[name] - ours), ours) if ours else Fraction(min(1, typed[name]))
