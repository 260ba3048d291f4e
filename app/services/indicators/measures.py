"""The figures that are counted from the records: one function each, its formula in its docstring.

Each is a statement of one row for each thing that is counted: `unit` names it, `good` says whether it is in the
numerator too. So a figure is that statement counted, and the rows behind it are that statement read.

What is counted are completions of the contract in the quarter of their finish; what came of them later (a reopening
within seven days, a rating within its window) is known before the quarter can be frozen.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import aliased

from app.models import (
    CaseRating,
    Completion,
    CompletionClock,
    CountedRating,
    Event,
    IncidentChild,
    Notice,
    Rating,
    RatingCorrection,
    RatingExclusion,
    ServiceCase,
    Ticket,
    TicketAsset,
)
from app.pagination import Query
from app.services.indicators import recorded
from app.services.indicators.scope import (
    Measure,
    Scope,
    Seconds,
    completed,
    each,
    has_event,
    has_node,
    of_cycle,
    own_work,
    whole_seconds,
)

SATISFIED_FROM = 4
RECORDED_WITHIN = timedelta(minutes=10)
ANSWERED_WITHIN = timedelta(minutes=30)
REOPENED_WITHIN = timedelta(days=7)
REPEATED_WITHIN = timedelta(days=30)
LOOKED_BACK = timedelta(days=365)
DOWNTIME = "downtime"


def record_complete(scope: Scope) -> Query:
    """Category, department, team and lead known, and the nodes begun, accepted and finished on record / completed."""
    known = (Completion.category_id, Completion.department_id, Completion.team_id, Completion.lead_id)
    nodes = [has_node("reported", "reopened"), has_node("accepted"), has_node("finished")]
    return completed(scope, and_(*(column.is_not(None) for column in known), *nodes))


def code_reached(scope: Scope) -> Query:
    """Code shown, or the notice of completion sent, or fixed from afar for a ward, whose code lists it / rateable."""
    notified = select(Notice.id).join(Event, Event.id == Notice.event_id)
    notified = notified.where(
        Notice.ticket_id == Completion.ticket_id,
        Event.cycle == Completion.cycle,
        Notice.kind == "finished",
        Notice.state == "sent",
    )
    listed = and_(~has_node("arrived"), Completion.department_id.is_not(None))
    reached = or_(has_event(Event.kind == "shown"), notified.exists(), listed)
    return each(scope, reached).where(Completion.rateable)


def node_in_time(scope: Scope) -> Query:
    """Moves written down within ten minutes of the act / moves; without those taken in from forms of an outage."""
    late = Seconds(Event.recorded_at) - Seconds(Event.at)
    query = _events(scope, late <= whole_seconds(RECORDED_WITHIN))
    return query.where(Event.state.is_not(None), Event.channel != DOWNTIME)


def response_in_time(scope: Scope) -> Query:
    """Answered within its limit / completed under limits; no pause stops this clock."""
    return _clocks(scope, CompletionClock.response)


def arrival_in_time(scope: Scope) -> Query:
    """Arrived within its limit / those somebody went to."""
    return _clocks(scope, CompletionClock.arrival)


def solution_in_time(scope: Scope) -> Query:
    """Solved within its limit, pauses left out / completed under limits."""
    return _clocks(scope, CompletionClock.solution)


def dispatch_in_time(scope: Scope) -> Query:
    """Dispatched within its limit / completed under limits."""
    return _clocks(scope, CompletionClock.dispatch)


def urgent_missed(scope: Scope) -> Query:
    """Each clinical urgent completion with any limit missed."""
    clock = CompletionClock
    missed = or_(*(column.is_(False) for column in (clock.dispatch, clock.response, clock.arrival, clock.solution)))
    query = completed(scope, true()).join(clock, clock.completion_id == Completion.id)
    return query.where(clock.urgent, missed)


def first_time_fix(scope: Scope) -> Query:
    """Not reopened within seven days and nobody went there twice / completed."""
    visits = of_cycle(select(func.count(Event.id)).select_from(Event)).where(Event.state == "arrived")
    return completed(scope, and_(~_reopened_soon(), visits.scalar_subquery() <= 1))


def reopened(scope: Scope) -> Query:
    """Reopened within seven days / completed."""
    return completed(scope, _reopened_soon())


def repeated(scope: Scope) -> Query:
    """The same person or asset had a fault of this category in the thirty days before / completed, each ticket once.

    A ticket is looked at in its first cycle; reopening has a figure of its own. What was reported more than a year
    before the quarter has nothing before it.
    """
    of_person, of_asset = _gaps(scope, Ticket.served_person_id), _gaps(scope, TicketAsset.asset_id)
    soon = (gaps.c.gap <= whole_seconds(REPEATED_WITHIN) for gaps in (of_person, of_asset))
    query = completed(scope, or_(*(func.coalesce(one, false()) for one in soon)))
    query = query.outerjoin(of_person, of_person.c.ticket_id == Completion.ticket_id)
    query = query.outerjoin(of_asset, of_asset.c.ticket_id == Completion.ticket_id)
    return query.where(Completion.cycle == 1)


def _gaps(scope: Scope, same: Any) -> Any:
    """How long before each ticket the one before it was reported, of the same category and person or asset.

    Walked once in order: to look for one by one would go over a person's whole past for each of their tickets.
    """
    at = Seconds(Ticket.reported_at)
    before = func.lag(at).over(partition_by=(same, Ticket.category_id), order_by=(Ticket.reported_at, Ticket.id))
    query = select(Ticket.id.label("ticket_id"), (at - before).label("gap"))
    if same is TicketAsset.asset_id:
        query = query.join(TicketAsset, TicketAsset.ticket_id == Ticket.id)
    return query.where(
        same.is_not(None),
        Ticket.category_id.is_not(None),
        Ticket.state != "cancelled",
        Ticket.reported_at >= scope.since - LOOKED_BACK,
        Ticket.reported_at < scope.until,
    ).subquery()


def urge_answered(scope: Scope) -> Query:
    """The ticket moved within thirty minutes / urged, or over a limit on record."""
    answer = aliased(Event)
    waited = Seconds(answer.at) - Seconds(Event.at)
    moved = select(answer.id).where(
        answer.ticket_id == Event.ticket_id,
        answer.state.is_not(None),
        answer.at > Event.at,
        waited <= whole_seconds(ANSWERED_WITHIN),
    )
    return _events(scope, moved.exists()).where(Event.kind.in_(("urged", "limit_missed")))


def satisfied(scope: Scope) -> Query:
    """The level that stands is 4 or 5 / counted ratings that were not set aside; of a major incident their mean."""
    excluded = select(RatingExclusion.rating_id).where(
        RatingExclusion.rating_id == Rating.id, scope.until_rated(RatingExclusion.at)
    )
    return satisfied_with_excluded(scope).where(~excluded.exists())


def satisfied_with_excluded(scope: Scope) -> Query:
    """The same with what was set aside: both figures are printed.

    The departments that joined a major incident are one event: what they say is their mean.
    """
    corrected = and_(RatingCorrection.rating_id == Rating.id, scope.until_rated(RatingCorrection.at))
    joined = and_(IncidentChild.ticket_id == Completion.ticket_id, Completion.cycle == 1)
    level = func.avg(func.coalesce(RatingCorrection.level, Rating.level))
    query = select(func.min(Completion.id).label("unit"), (level >= SATISFIED_FROM).label("good"))
    query = query.join(CountedRating, CountedRating.completion_id == Completion.id)
    query = query.join(Rating, Rating.id == CountedRating.rating_id).outerjoin(RatingCorrection, corrected)
    query = query.outerjoin(IncidentChild, joined).where(scope.completions(), scope.until_rated(CountedRating.at))
    return query.group_by(func.coalesce(-IncidentChild.incident_id, Rating.id))


def responded(scope: Scope) -> Query:
    """Somebody's rating counts / rateable."""
    rating = select(CountedRating.rating_id).where(
        CountedRating.completion_id == Completion.id, scope.until_rated(CountedRating.at)
    )
    return each(scope, rating.exists()).where(Completion.rateable)


def called_back(scope: Scope) -> Query:
    """Called within its limit / low scores given in the quarter that can be called back."""
    low = _cases("low_score", ServiceCase.called_at <= ServiceCase.call_due_at)
    query = low.join(Rating, Rating.id == ServiceCase.rating_id)
    query = query.join(Completion, Completion.id == Rating.completion_id)
    return _opened(query, scope).where(ServiceCase.call_due_at.is_not(None))


def complaint_in_time(scope: Scope) -> Query:
    """Answered and closed within their limits / complaints received in the quarter about what was completed."""
    answered = ServiceCase.answered_at <= ServiceCase.answer_due_at
    closed = ServiceCase.closed_at <= ServiceCase.close_due_at
    return _opened(_beside(_cases("complaint", and_(answered, closed))), scope)


def made_up_for(scope: Scope) -> Query:
    """Their last level after it was made up for is 4 or 5 / rated again, of cases opened in the quarter."""
    later = aliased(CaseRating)
    after = select(later.case_id).where(later.case_id == CaseRating.case_id, later.recovery > CaseRating.recovery)
    query = select(ServiceCase.id.label("unit"), (CaseRating.level >= SATISFIED_FROM).label("good"))
    query = query.join(CaseRating, CaseRating.case_id == ServiceCase.id).where(~after.exists())
    return _opened(_beside(query), scope)


def _cases(reason: str, good: ColumnElement[bool]) -> Query:
    query = select(ServiceCase.id.label("unit"), func.coalesce(good, false()).label("good"))
    return query.where(ServiceCase.reason == reason)


def _beside(query: Query) -> Query:
    """The completion of the ticket's cycle says under which contract it was."""
    same = and_(Completion.ticket_id == ServiceCase.ticket_id, Completion.cycle == ServiceCase.cycle)
    return query.join(Completion, same)


def _opened(query: Query, scope: Scope) -> Query:
    """By the day it came, not by the day the work was finished."""
    of_contract = true() if scope.contract_id is None else Completion.contract_id == scope.contract_id
    return query.where(of_contract, ServiceCase.opened_at >= scope.since, ServiceCase.opened_at < scope.until)


def remote(scope: Scope) -> Query:
    """Nobody went there / completed."""
    return completed(scope, ~has_node("arrived"))


# By the name config/score.toml gives them.
MEASURES: Mapping[str, Measure] = {
    "record_complete": Measure("completion", record_complete),
    "code_reached": Measure("completion", code_reached),
    "node_in_time": Measure("event", node_in_time),
    "response_in_time": Measure("completion", response_in_time),
    "arrival_in_time": Measure("completion", arrival_in_time),
    "solution_in_time": Measure("completion", solution_in_time),
    "dispatch_in_time": Measure("completion", dispatch_in_time),
    "urgent_missed": Measure("completion", urgent_missed),
    "first_time_fix": Measure("completion", first_time_fix),
    "reopened": Measure("completion", reopened),
    "repeated": Measure("completion", repeated),
    "urge_answered": Measure("event", urge_answered),
    "satisfied": Measure("completion", satisfied, of_ratings=True, of_levels=True),
    "responded": Measure("completion", responded, of_ratings=True, of_whom=True),
    "called_back": Measure("case", called_back, of_ratings=True, of_low=True),
    "complaint_in_time": Measure("case", complaint_in_time, of_ratings=True),
    "made_up_for": Measure("case", made_up_for, of_ratings=True, of_levels=True),
    "remote": Measure("completion", remote),
    "article_linked": Measure("completion", recorded.article_linked),
    "root_cause": Measure("completion", recorded.root_cause),
    "incident_failed": Measure("completion", recorded.incident_failed),
    "discipline_upheld": Measure("case", recorded.discipline_upheld, of_ratings=True),
}


def _clocks(scope: Scope, kept: Any) -> Query:
    query = completed(scope, kept).join(CompletionClock, CompletionClock.completion_id == Completion.id)
    return query.where(kept.is_not(None))


def _events(scope: Scope, good: ColumnElement[bool]) -> Query:
    """Of the cycles that were completed in the quarter."""
    query = select(Event.id.label("unit"), good.label("good")).join(
        Completion, and_(Completion.ticket_id == Event.ticket_id, Completion.cycle == Event.cycle)
    )
    return query.where(scope.completions(), own_work())


def _reopened_soon() -> ColumnElement[bool]:
    since = Seconds(Event.at) - Seconds(Completion.finished_at)
    again = select(Event.id).where(
        Event.ticket_id == Completion.ticket_id,
        Event.cycle == Completion.cycle + 1,
        Event.state == "reopened",
        since <= whole_seconds(REOPENED_WITHIN),
    )
    return again.exists()
