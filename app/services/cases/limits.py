"""By when a case is called back, answered and closed: the limits of config/cases.toml, counted by `supervision/`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db import Writer
from app.models import ServiceCase
from app.models.case import UNANSWERED
from app.services.service_levels import calendars
from app.services.service_levels.calendars import Hours
from config.cases import CaseLimits, case_rules
from supervision.clock import Limit, due


def of_case(case: ServiceCase, at: datetime) -> CaseLimits:
    """Those that counted when it was opened; `at` is any moment in the hospital's zone."""
    return case_rules().on(case.opened_at.astimezone(at.tzinfo).date())


def hours(db: Writer, at: datetime) -> Hours:
    """As they are known now; `at` is any moment in the hospital's zone."""
    return calendars.hours(db, zone(at))


def after(text: str, start: datetime, *, limits: CaseLimits, hours: Hours) -> datetime | None:
    return due(hours.calendar(limits.calendar), Limit.read(text), start)


def dues(opened_at: datetime, hours: Hours, *, reachable: bool) -> dict[str, datetime | None]:
    """Of a case from the moment it was opened, in the hospital's zone; nobody is called who cannot be."""
    limits = case_rules().on(opened_at.date())
    found = {
        "call_due_at": after(limits.call, opened_at, limits=limits, hours=hours) if reachable else None,
        "answer_due_at": after(limits.answer, opened_at, limits=limits, hours=hours),
        "close_due_at": after(limits.close, opened_at, limits=limits, hours=hours),
    }
    return {**found, "next_due_at": min((moment for moment in found.values() if moment), default=None)}


def promised(session: Session, at: datetime) -> dict[str, datetime | None]:
    """By when what is said now is answered, and closed."""
    limits, known = case_rules().on(at.date()), hours(session, at)
    return {name: after(getattr(limits, name), at, limits=limits, hours=known) for name in ("answer", "close")}


def steps(case: ServiceCase) -> Iterator[tuple[str, datetime | None]]:
    """What has still to be done, each by when."""
    if case.closed_at:
        return
    if case.call_due_at and not case.called_at:
        yield "call", case.call_due_at
    if case.stage in UNANSWERED:
        yield "answer", case.answer_due_at
    yield "close", case.close_due_at


def next_due(case: ServiceCase) -> datetime | None:
    return min((moment for _step, moment in steps(case) if moment), default=None)


def next_step(case: ServiceCase) -> str:
    """What is due first; of those due at once the one that comes first."""
    known = [(moment, place, step) for place, (step, moment) in enumerate(steps(case)) if moment]
    return min(known, default=(None, 0, ""))[2]


def silent_at(session: Session, case: ServiceCase, *, at: datetime) -> datetime | None:
    """From when on it may be closed without the user: they have been told, and said nothing since."""
    if case.told_at is None:
        return None
    limits = of_case(case, at)
    return after(limits.silence, case.told_at.astimezone(at.tzinfo), limits=limits, hours=hours(session, at))


def zone(at: datetime) -> ZoneInfo:
    if isinstance(at.tzinfo, ZoneInfo):
        return at.tzinfo
    if at.tzinfo is not UTC:
        raise ValueError("a moment in the hospital's zone was expected")
    return ZoneInfo("UTC")
