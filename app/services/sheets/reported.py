"""How far the figures of the provider's reports are from those of the records."""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.models import RegisterRecord
from app.services.sheets.beside_reports import OURS, WITHIN, Beside, figures, periods, records
from app.services.sheets.terms import Term
from config.score import APART

STEP = Fraction(2, 100)


@dataclass(frozen=True)
class Registered:
    """What a register says; `why` where it says nothing yet, `records` are the ids behind it."""

    figure: dict[str, Any] | None
    why: str = ""
    records: tuple[int, ...] = ()


def compare(session: Session, term: Term, kind: str) -> Registered | None:
    """How many whole steps of two points the worst figure of the reports on the quarter, and on its months, is beyond
    2 % of ours: (greatest of |said - ours| / ours - 2 %) / 2 %, whole steps.

    The greatest alone, so that a figure that is wrong in its month and in the quarter costs once. Of reports that
    somebody of the hospital has confirmed. None where nobody keeps them.
    """
    about = periods(term.quarter, term.contract.id, term.zone)
    rows = session.scalars(records(kind, term.contract.id).where(RegisterRecord.period.in_(list(about)))).all()
    typed = [one for one in rows if any(name in one.data for name in OURS)]
    sure = [one for one in typed if one.confirmed_at is not None]
    if not typed:
        return None
    if not sure:
        return Registered(None, "register_unchecked")
    worst = max(one.apart for one in figures(session, sure, about, term.zone))
    why = "register_unchecked" if len(sure) < len(typed) else ""
    return Registered({"count": steps(worst)}, why, tuple(one.id for one in sure))


def behind(session: Session, term: Term, code: str, ids: Collection[int]) -> list[Beside]:
    """Each figure of these reports, with ours, where this indicator is what holds them against each other."""
    one = term.rules(session).indicator(code)
    if one is None or one.source is None or one.source.num != APART:
        return []
    rows = session.scalars(records(one.source.kind, term.contract.id).where(RegisterRecord.id.in_(ids))).all()
    return list(figures(session, rows, periods(term.quarter, term.contract.id, term.zone), term.zone))


def steps(apart: Fraction) -> int:
    return max(0, int((apart - WITHIN) // STEP))
