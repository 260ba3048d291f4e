"""How a contract stands: today, this week, the quarter so far, and what costs points now.

Quarter and losses are the sheet's own draft (or its newest version), so that nothing here is counted otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from app.models import Completion, CompletionClock, Department, Person, Team, Ticket
from app.models.incident import follows_another
from app.models.ticket import OPEN_STATES
from app.pagination import Line
from app.services.indicators import counting
from app.services.indicators.counting import Count
from app.services.indicators.measures import MEASURES
from app.services.indicators.scope import Scope
from app.services.sheets import pages
from app.services.sheets.pages import SheetView
from app.services.sheets.terms import Term

NOW = ("dispatch_in_time", "response_in_time", "arrival_in_time", "solution_in_time", "first_time_fix", "satisfied")
REASONS = 3
SOON = timedelta(hours=2)
DUE_MOST = 20


@dataclass(frozen=True)
class Loss:
    """An indicator short of full marks: points lost, and how many more would have to be right (or one too many)."""

    line: Mapping[str, Any]
    lost: int
    missing: int | None

    @property
    def too_many(self) -> bool:
        """What is missing is that it happened less often."""
        return bool(self.missing) and _fewer_is_better(self.line)

    @property
    def opens(self) -> bool:
        """The tickets behind it may be read by everybody who reads the sheet."""
        measure = MEASURES.get(self.line["measure"])
        return measure is not None and not measure.of_ratings


@dataclass(frozen=True)
class Standing:
    view: SheetView
    losses: Sequence[Loss]
    spans: Mapping[str, tuple[Count, Count]] = field(default_factory=dict)
    """Of today and of this week, by measure."""

    @property
    def reasons(self) -> Sequence[Loss]:
        return self.losses[:REASONS]


@dataclass(frozen=True)
class TeamFigures:
    name: str
    finished: int
    in_time: Count


def standing(session: Session, term: Term, *, at: datetime, for_provider: bool, spans: bool = True) -> Standing:
    view = pages.load(session, term, for_provider=for_provider)
    found = _spans(session, term, at, for_provider=for_provider) if spans else {}
    return Standing(view, losses(view.content) if view.content else [], found)


def losses(content: Mapping[str, Any]) -> list[Loss]:
    """The dearest first, then in the order of the sheet."""
    found = [_loss(line) for line in content["lines"] if line["points"] is not None]
    return sorted((one for one in found if one.lost > 0), key=lambda one: -one.lost)


def teams(session: Session, term: Term) -> list[TeamFigures]:
    """Of the quarter so far; what ratings say of them, in bands, stands on their own page."""
    scope = term.scope
    good = func.coalesce(func.sum(case((CompletionClock.solution.is_(True), 1), else_=0)), 0)
    query = (
        select(Completion.team_id, func.count(Completion.id), good, func.count(CompletionClock.solution))
        .outerjoin(CompletionClock, CompletionClock.completion_id == Completion.id)
        .where(scope.completions(), Completion.team_id.is_not(None))
        .group_by(Completion.team_id)
    )
    names: dict[int, str] = dict(session.execute(select(Team.id, Team.name)).all())
    rows = session.execute(query.order_by(Completion.team_id)).all()
    return [TeamFigures(names[team], finished, Count(in_time, limited)) for team, finished, in_time, limited in rows]


def due(session: Session, provider_id: int, *, at: datetime) -> Sequence[Line]:
    """Open tickets of a provider that are over their limit or come to it soon, the most pressing first."""
    own = select(Team.id).where(Team.provider_id == provider_id)
    query = (
        select(Ticket.number, Ticket.due_at, Department.name.label("department"), Person.name.label("lead"))
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Person, Person.id == Ticket.lead_id)
        .where(
            Ticket.state.in_(OPEN_STATES),
            Ticket.due_at <= at + SOON,
            or_(Ticket.team_id.in_(own), Ticket.team_id.is_(None)),
            ~follows_another(),
        )
    )
    return session.execute(query.order_by(Ticket.due_at, Ticket.id).limit(DUE_MOST)).all()


def _loss(line: Mapping[str, Any]) -> Loss:
    return Loss(line, line["weight_spread"] - line["points"], _missing(line))


def _missing(line: Mapping[str, Any]) -> int | None:
    figure, rule = line["figure"] or {}, line["rule"]
    if "target" not in rule or "den" not in figure:
        return None
    num, den = int(figure["num"]), int(figure["den"])
    target = Fraction(*rule["target"])
    return max(0, num - floor(target * den)) if _fewer_is_better(line) else max(0, ceil(target * den) - num)


def _fewer_is_better(line: Mapping[str, Any]) -> bool:
    return Fraction(*line["rule"]["target"]) <= Fraction(*line["rule"].get("floor", [0, 1]))


def _spans(session: Session, term: Term, at: datetime, *, for_provider: bool) -> dict[str, tuple[Count, Count]]:
    """The provider reads nothing of ratings by the day."""
    begins = at.astimezone(term.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    week = begins - timedelta(days=begins.weekday())
    names = [name for name in NOW if not (for_provider and MEASURES[name].of_ratings)]
    today, of_week = (Scope(since, at, term.contract.id) for since in (begins, week))
    return {
        name: (counting.count_of(session, name, today), counting.count_of(session, name, of_week)) for name in names
    }
