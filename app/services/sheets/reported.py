"""How far the figures of the provider's reports are from those of the records."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.models import RegisterRecord
from app.services.sheets.beside_reports import OURS, WITHIN, figures, records
from app.services.sheets.terms import Term

STEP = Fraction(2, 100)


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
    query = records(kind, term.contract.id).where(RegisterRecord.period == str(term.quarter))
    rows = session.scalars(query).all()
    typed = [one for one in rows if any(name in one.data for name in OURS)]
    sure = [one for one in typed if one.confirmed_at is not None]
    if not typed:
        return None
    if not sure:
        return Registered(None, "register_unchecked")
    worst = max(one.apart for one in figures(session, sure, {str(term.quarter): term.scope}))
    why = "register_unchecked" if len(sure) < len(typed) else ""
    return Registered({"count": steps(worst)}, why, tuple(one.id for one in sure))


def steps(apart: Fraction) -> int:
    return max(0, int((apart - WITHIN) // STEP))
