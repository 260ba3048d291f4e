"""What `flask qr` is asked to print: numbers or tags, or conditions, or all."""

from datetime import date, datetime, time, timedelta

import click

from app.cli.i18n import _
from app.http.context import runtime
from app.models.ticket import STATES
from app.services.codes.slips import SlipFilter
from app.services.organisation.assets import Kind, ThingFilter

KEYS = frozenset({"department", "state", "from", "to"})
YEARS = range(1970, 2200)  # further out a day has no moment in every zone


def tickets(typed: str) -> SlipFilter:
    if typed.strip() == "all":
        return SlipFilter()
    terms = [term.strip() for term in typed.split(",") if term.strip()]
    numbers = tuple(term for term in terms if "=" not in term)
    pairs = [term.split("=", 1) for term in terms if "=" in term]
    chosen = dict(pairs)
    if not terms or chosen.keys() - KEYS or chosen.get("state", "closed") not in STATES:
        expected = _("编号，或 department=、state=（%(states)s）、from=、to=，或 all。", states=", ".join(STATES))
        raise _bad("tickets", expected)
    for name, value in chosen.items():
        if not value or len([key for key, _value in pairs if key == name]) > 1:
            raise _bad("tickets", _("%(name)s= 要有一个值，也只能写一次。", name=name))
    return SlipFilter(
        numbers,
        chosen.get("department", ""),
        chosen.get("state", ""),
        _moment(chosen, "from", 0),
        _moment(chosen, "to", 1),
    )


def assets(kind: Kind, typed: str) -> ThingFilter:
    if typed.strip() == "all":
        return ThingFilter()
    before, condition, department = typed.partition("department=")
    tags = tuple(term.strip() for term in typed.split(",") if term.strip())
    if not tags or (condition and (before.strip() or not department.strip())):
        raise _bad(f"{kind}s", _("编号，或 department=科室代码，或 all。"))
    return ThingFilter(department=department.strip()) if condition else ThingFilter(tags)


def _moment(chosen: dict[str, str], name: str, later: int) -> datetime | None:
    """In the hospital's zone: a moment as written, or the beginning of a day, of `to` of the day after it."""
    if name not in chosen:
        return None
    at = _read(chosen[name], later)
    if at is None or at.tzinfo or at.year not in YEARS:
        raise _bad("tickets", _("%(name)s= 应写成 2026-11-22 或 2026-11-22T08:00。", name=name))
    return at.replace(tzinfo=runtime().settings.timezone)


def _read(text: str, later: int) -> datetime | None:
    try:
        if "T" in text:
            return datetime.fromisoformat(text)
        return datetime.combine(date.fromisoformat(text) + timedelta(days=later), time())
    except (ValueError, OverflowError):
        return None


def _bad(option: str, expected: str) -> click.BadParameter:
    return click.BadParameter(expected, param_hint=f"--{option}")
