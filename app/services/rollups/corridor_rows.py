"""What one completion, and one case, gives to the corridor: levels at touchpoints, seconds, reasons.

A figure is called by what it is of: `arrived.5` (so many very happy), `arrived.seconds` and `arrived.timed` (how many
of them were measured), `reason.late`, `case.complaint`, `completions`. `overall` is the rating itself, `aside` what
of it the hospital has set aside.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from app.models import (
    CaseRating,
    Completion,
    CompletionJob,
    CountedRating,
    Department,
    Event,
    Rating,
    RatingCorrection,
    RatingDetail,
    RatingExclusion,
    ServiceCase,
    Ticket,
)
from app.models.rollup import NOBODYS
from app.services.rollups.daily import LEVEL

# Each stage lasts from one of these to another, within one cycle.
SPANS = {
    "report": (("reported", "reopened"), ("dispatched",)),
    "accepted": (("dispatched",), ("accepted",)),
    "arrived": (("accepted",), ("arrived",)),
    "handled": (("arrived", "accepted"), ("finished",)),
    "result": (("finished",), ("rated",)),
}
NODES = frozenset(kind for ends in SPANS.values() for kinds in ends for kind in kinds)
OVERALL, ASIDE, COMPLAINT, RECOVERY = "overall", "aside", "complaint", "recovery"

Key = tuple[int, str, int, int, int]
Counts = Iterator[tuple[Key, Counter[str]]]


def of_day(session: Session, since: datetime, until: datetime) -> Counts:
    inside = (Completion.finished_at >= since, Completion.finished_at < until)
    nodes = _nodes(session, select(Completion.ticket_id).where(*inside))
    for row in session.execute(_completions().where(*inside)):
        yield _key(row), _completion(row, nodes.get((row.ticket_id, row.cycle), {}))
    opened = (ServiceCase.opened_at >= since, ServiceCase.opened_at < until, ServiceCase.about != "supervisor")
    recovered = _recovered(session, select(ServiceCase.id).where(*opened))
    for row in session.execute(_cases().where(*opened)):
        yield _key(row), _case(row, recovered.get(row.id))


def of_tickets(session: Session, tickets: Sequence[int]) -> dict[tuple[int, int], Counter[str]]:
    """Of each completed cycle of these tickets, with its cases."""
    found: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    nodes = _nodes(session, select(Ticket.id).where(Ticket.id.in_(tickets)))
    for row in session.execute(_completions().where(Completion.ticket_id.in_(tickets))):
        found[row.ticket_id, row.cycle] += _completion(row, nodes.get((row.ticket_id, row.cycle), {}))
    about = (ServiceCase.ticket_id.in_(tickets), ServiceCase.about != "supervisor")
    recovered = _recovered(session, select(ServiceCase.id).where(*about))
    for row in session.execute(_cases().add_columns(ServiceCase.ticket_id, ServiceCase.cycle).where(*about)):
        found[row.ticket_id, row.cycle] += _case(row, recovered.get(row.id))
    return found


def _completion(row: Any, nodes: Mapping[str, datetime]) -> Counter[str]:
    found = Counter({"completions": 1})
    if row.level is not None:
        found[f"{OVERALL}.{row.level}"] += 1
        if row.excluded is not None:
            found[f"{ASIDE}.{row.level}"] += 1
        for touchpoint, level in (row.faces or {}).items():
            found[f"{touchpoint}.{level}"] += 1
        for code in (row.reasons or {}).get("codes", []):
            found[f"reason.{code}"] += 1
        nodes = {**nodes, "rated": row.rated_at}
    for stage, (starts, ends) in SPANS.items():
        start = next((nodes[kind] for kind in starts if kind in nodes), None)
        end = next((nodes[kind] for kind in ends if kind in nodes), None)
        _last(found, stage, start, end)
    return found


def _case(row: Any, recovered: int | None) -> Counter[str]:
    found = Counter({f"case.{row.reason}": 1})
    if row.level is not None:
        found[f"{COMPLAINT}.{row.level}"] += 1
    if recovered is not None:
        found[f"{RECOVERY}.{recovered}"] += 1
    _last(found, COMPLAINT, row.opened_at, row.answered_at)
    _last(found, RECOVERY, row.answered_at, row.closed_at)
    return found


def _last(found: Counter[str], stage: str, start: datetime | None, end: datetime | None) -> None:
    """How long it lasted; what has no beginning, no end, or ends before it begins was not measured."""
    if start is not None and end is not None and end >= start:
        found[f"{stage}.timed"] += 1
        seconds = int((end - start).total_seconds())
        if seconds:
            found[f"{stage}.seconds"] += seconds


def _key(row: Any) -> Key:
    ids = [row.department_id, row.team_id, row.category_id, row.campus_id]
    department, team, category, campus = (NOBODYS if one is None else one for one in ids)
    return department, row.job_type, team, category, campus


def _completions() -> Select[Any]:
    return (
        select(
            Completion.ticket_id,
            Completion.cycle,
            Completion.department_id,
            Completion.team_id,
            Completion.category_id,
            Completion.campus_id,
            func.coalesce(CompletionJob.job_type, "").label("job_type"),
            LEVEL.label("level"),
            Rating.at.label("rated_at"),
            RatingDetail.faces,
            RatingDetail.reasons,
            RatingExclusion.rating_id.label("excluded"),
        )
        .outerjoin(CompletionJob, CompletionJob.completion_id == Completion.id)
        .outerjoin(CountedRating, CountedRating.completion_id == Completion.id)
        .outerjoin(Rating, Rating.id == CountedRating.rating_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
        .outerjoin(RatingExclusion, RatingExclusion.rating_id == Rating.id)
    )


def _cases() -> Select[Any]:
    """Whose work a case is about as it was copied at completion; until there is one, as the ticket says."""
    of_it = and_(Completion.ticket_id == ServiceCase.ticket_id, Completion.cycle == ServiceCase.cycle)
    both = {
        name: (getattr(Completion, name), getattr(Ticket, name)) for name in ("department_id", "team_id", "category_id")
    }
    both["campus_id"] = (Completion.campus_id, Department.campus_id)
    return (
        select(
            ServiceCase.id,
            ServiceCase.reason,
            ServiceCase.opened_at,
            ServiceCase.answered_at,
            ServiceCase.closed_at,
            *(case((Completion.id.is_(None), until), else_=then).label(name) for name, (then, until) in both.items()),
            func.coalesce(CompletionJob.job_type, "").label("job_type"),
            LEVEL.label("level"),
        )
        .outerjoin(Ticket, Ticket.id == ServiceCase.ticket_id)
        .outerjoin(Completion, of_it)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(CompletionJob, CompletionJob.completion_id == Completion.id)
        .outerjoin(Rating, Rating.id == ServiceCase.rating_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
    )


def _nodes(session: Session, tickets: Select[Any]) -> dict[tuple[int, int], dict[str, datetime]]:
    """When each cycle first came to each node, as the history has it."""
    query = select(Event.ticket_id, Event.cycle, Event.kind, func.min(Event.at).label("at"))
    query = query.where(Event.ticket_id.in_(tickets), Event.kind.in_(NODES - {"rated"}))
    found: dict[Any, dict[str, datetime]] = defaultdict(dict)
    for ticket, cycle, kind, at in session.execute(query.group_by(Event.ticket_id, Event.cycle, Event.kind)):
        found[ticket, cycle][kind] = at
    return found


def _recovered(session: Session, cases: Select[Any]) -> dict[int, int]:
    """How content they were with the last recovery of each."""
    query = select(CaseRating.case_id, CaseRating.level).where(CaseRating.case_id.in_(cases))
    return dict(session.execute(query.order_by(CaseRating.recovery)).all())
