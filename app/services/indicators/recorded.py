"""Figures that come of what was written down beside the work: articles, problems, reviews, findings."""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import aliased

from app.models import (
    CaseFinding,
    Completion,
    CompletionClock,
    Event,
    MajorIncident,
    RegisterEntry,
    RegisterRecord,
    ServiceCase,
    Ticket,
)
from app.pagination import Query
from app.services.indicators.scope import Scope, Seconds, completed, own_work, whole_seconds

GROUP, GROUP_WITHIN = 3, timedelta(days=30)
CAUSE_FOUND = ("known", "closed")


def article_linked(scope: Scope) -> Query:
    """An article of the knowledge register was linked when it was finished / completed."""
    later = aliased(Completion)
    next_one = select(later.id).where(
        later.ticket_id == Completion.ticket_id,
        later.cycle > Completion.cycle,
        later.finished_at <= RegisterEntry.at,
    )
    linked = (
        select(RegisterEntry.id)
        .join(RegisterRecord, RegisterRecord.id == RegisterEntry.record_id)
        .where(
            RegisterRecord.kind == "knowledge",
            RegisterEntry.kind == "used",
            RegisterEntry.ticket_id == Completion.ticket_id,
            RegisterEntry.at >= Completion.finished_at,
            ~next_one.exists(),
        )
    )
    return completed(scope, linked.exists())


def root_cause(scope: Scope) -> Query:
    """The register has a problem of that service whose cause is found and confirmed / groups of three and more.

    A group: one department had three faults of one service within thirty days; it counts once a quarter, by the first
    completion that made it one. A problem that was closed before the quarter is about an earlier group.
    """
    grouped = _third_within(scope)
    first = (
        select(func.min(Completion.id).label("unit"), Completion.category_id.label("category"))
        .join(grouped, grouped.c.ticket_id == Completion.ticket_id)
        .where(scope.completions(), own_work(), Completion.cycle == 1, grouped.c.gap <= whole_seconds(GROUP_WITHIN))
        .group_by(Completion.department_id, Completion.category_id)
        .subquery()
    )
    of_contract = RegisterRecord.contract_id == scope.contract_id if scope.contract_id else RegisterRecord.id > 0
    found = select(RegisterRecord.id).where(
        RegisterRecord.kind == "problems",
        RegisterRecord.void.is_(False),
        RegisterRecord.state.in_(CAUSE_FOUND),
        RegisterRecord.confirmed_at.is_not(None),
        RegisterRecord.category_id == first.c.category,
        or_(RegisterRecord.done_on.is_(None), RegisterRecord.done_on >= scope.since.date()),
        of_contract,
    )
    return select(first.c.unit.label("unit"), found.exists().label("good"))


def _third_within(scope: Scope) -> Any:
    """How long before each ticket the second one before it was reported, of the same department and service."""
    at = Seconds(Ticket.reported_at)
    before = func.lag(at, GROUP - 1).over(
        partition_by=(Ticket.department_id, Ticket.category_id), order_by=(Ticket.reported_at, Ticket.id)
    )
    known = and_(Ticket.department_id.is_not(None), Ticket.category_id.is_not(None), Ticket.state != "cancelled")
    return (
        select(Ticket.id.label("ticket_id"), (at - before).label("gap"))
        .where(known, Ticket.reported_at >= scope.since - 2 * GROUP_WITHIN, Ticket.reported_at < scope.until)
        .subquery()
    )


def incident_failed(scope: Scope) -> Query:
    """Each major incident of which a limit was missed or no review is written, by its first completion."""
    earlier, clock = aliased(Completion), CompletionClock
    before = select(earlier.id).where(earlier.ticket_id == Completion.ticket_id, earlier.cycle < Completion.cycle)
    written = select(Event.id).where(Event.ticket_id == Completion.ticket_id, Event.kind == "incident_reviewed")
    missed = or_(*(column.is_(False) for column in (clock.dispatch, clock.response, clock.arrival, clock.solution)))
    query = completed(scope, true()).join(MajorIncident, MajorIncident.ticket_id == Completion.ticket_id)
    query = query.outerjoin(clock, clock.completion_id == Completion.id)
    return query.where(~before.exists(), or_(missed, ~written.exists()))


def discipline_upheld(scope: Scope) -> Query:
    """Each complaint received in the quarter that was found to be one of discipline, and true."""
    query = select(ServiceCase.id.label("unit"), true().label("good"))
    query = query.join(CaseFinding, CaseFinding.case_id == ServiceCase.id)
    of_contract = true() if scope.contract_id is None else CaseFinding.contract_id == scope.contract_id
    received = (ServiceCase.opened_at >= scope.since, ServiceCase.opened_at < scope.until)
    return query.where(of_contract, *received, CaseFinding.kind == "discipline", CaseFinding.upheld)
