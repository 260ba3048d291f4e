"""What the service-level clock says of every completion, kept beside it: a copy, made anew when the rules change."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from app.models import Completion, CompletionClock, Ticket
from app.pagination import Line
from app.services.indicators.scope import Scope, own_work
from app.services.service_levels import clock
from app.services.service_levels.clock import Codes, Rules
from config.files import file_digests
from config.sla import service_levels

BATCH = 2_000
URGENT = frozenset({1, 2})
CLINICAL = "clinical"

Progress = Callable[[int], object]


def rules_digest(session: Session, zone: ZoneInfo) -> str:
    """By which limits and days off a clock is read now."""
    rules, file = Rules.load(session, zone), file_digests()["sla.toml"]
    own = rules.levels.versions[len(service_levels().versions) :]
    known = (file, rules.hours.years, zone.key, *((own,) if own else ()))
    return sha256(repr(known).encode()).hexdigest()[:16]


def fill(session: Session, scope: Scope, *, zone: ZoneInfo, digest: str, after: int = 0) -> list[int]:
    """Read the clocks of completions that have none, or one by other rules, at most so many; which.

    `after`: those up to that one have been looked at.
    """
    rows = session.execute(_missing(scope, digest).where(Completion.id > after).limit(BATCH)).all()
    if not rows:
        return []
    stale = [row.completion_id for row in rows]
    session.execute(delete(CompletionClock).where(CompletionClock.completion_id.in_(stale)))
    session.execute(insert(CompletionClock), list(_read(session, rows, zone, digest)))
    return stale


def read_under(session: Session, scope: Scope, rules: Rules) -> Iterator[dict[str, Any]]:
    """What the clocks of the work that was finished would say by other rules; nothing is kept."""
    query, after = _completed(scope).where(own_work()), 0
    while rows := session.execute(query.where(Completion.id > after).limit(BATCH)).all():
        courses = clock.all_courses(session, [row.id for row in rows])
        yield from (_clocks(row, courses.get(row.id, ()), rules) for row in rows)
        after = rows[-1].completion_id


def complete(session: Session, scope: Scope, *, zone: ZoneInfo, digest: str) -> bool:
    return session.execute(_missing(scope, digest).limit(1)).first() is None


def _missing(scope: Scope, digest: str) -> Any:
    query = _completed(scope).outerjoin(CompletionClock, CompletionClock.completion_id == Completion.id)
    return query.where(or_(CompletionClock.rules.is_(None), CompletionClock.rules != digest))


def _completed(scope: Scope) -> Any:
    completions = select(Completion.id.label("completion_id"), Completion.cycle, Completion.finished_at)
    return (
        clock.coded(completions.join(Ticket, Ticket.id == Completion.ticket_id))
        .where(scope.completions())
        .order_by(Completion.id)
    )


def _read(session: Session, rows: Any, zone: ZoneInfo, digest: str) -> Iterator[dict[str, Any]]:
    rules = Rules.load(session, zone)
    courses = clock.all_courses(session, [row.id for row in rows])
    for row in rows:
        yield {"completion_id": row.completion_id, "rules": digest, **_clocks(row, courses.get(row.id, ()), rules)}


def _clocks(row: Line, courses: Any, rules: Rules) -> dict[str, Any]:
    codes = Codes.from_row(row)
    course = next((one for one in courses if one.cycle == row.cycle), None)
    limits = rules.limits(course, codes) if course else None
    kept: dict[str, Any] = dict.fromkeys(clock.ENDS)
    provisional = False
    if course is not None and limits is not None:
        read = clock.clock(course, "", limits, hours=rules.hours, at=row.finished_at)
        kept, provisional = {mark.name: mark.kept for mark in read.marks}, read.provisional
    urgent = row.priority in URGENT and clock.department_type(codes) == CLINICAL
    return {**kept, "urgent": urgent, "provisional": provisional}
