"""What of cases falls due by the clock: urges nobody acted upon, limits that are over, days off that became known."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.models import Event, ServiceCase, Ticket
from app.models.ticket import OPEN_STATES
from app.services import events
from app.services.cases import limits, opening
from app.services.cases.opening import Cause
from app.services.notices import outbox
from app.services.service_levels.calendars import Hours
from app.services.tickets import urges
from app.services.tickets.urges import ANSWERED_BY

RINGS_FOR = timedelta(days=1)  # what lies further back is known, or was of a time nobody watched


def unanswered(session: Session, *, at: datetime) -> Sequence[int]:
    """The tickets somebody urged, of whom nobody took any notice for too long."""
    urged, acted, known = aliased(Event), aliased(Event), ServiceCase
    after = and_(acted.ticket_id == Ticket.id, acted.id > urged.id)
    answered = select(acted.id).where(after, acted.kind.in_(ANSWERED_BY))
    of_urge = (known.ticket_id == Ticket.id, known.cycle == Ticket.cycle, known.reason == "urge")
    query = (
        select(Ticket.id)
        .join(urged, and_(urged.ticket_id == Ticket.id, urged.cycle == Ticket.cycle, urged.kind == "urged"))
        .where(
            Ticket.state.in_(OPEN_STATES),
            urged.actor_id.is_not(None),
            urged.at.between(at - RINGS_FOR, at - urges.WITHIN),
            ~answered.exists(),
            ~select(known.id).where(*of_urge).exists(),
        )
    )
    return session.scalars(query.distinct()).all()


def open_for_urge(session: Session, ticket: Ticket, *, at: datetime) -> None:
    """The ticket is held by the caller; looked at again, for it may have been answered meanwhile."""
    if ticket.id not in unanswered(session, at=at):
        return
    first = select(Event.actor_id).where(
        Event.ticket_id == ticket.id, Event.cycle == ticket.cycle, Event.kind == "urged", Event.actor_id.is_not(None)
    )
    person = session.scalar(first.order_by(Event.id).limit(1))
    cause = Cause("urge", ticket.id, ticket.cycle, person_id=person)
    opening.open_case(session, cause, by=None, at=at, channel="clock")


def overdue(session: Session, *, at: datetime) -> Sequence[int]:
    """The cases whose nearest limit is over and was not told of yet."""
    over = ServiceCase.next_due_at.between(at - RINGS_FOR, at)
    warned = ServiceCase.warned_of.is_not_distinct_from(ServiceCase.next_due_at)
    return session.scalars(select(ServiceCase.id).where(ServiceCase.is_open, over, ~warned)).all()


def warn(session: Session, case_id: int, *, at: datetime) -> None:
    """Tell its owner, or everybody whose it could be; once for each limit."""
    case = session.scalars(select(ServiceCase).where(ServiceCase.id == case_id).with_for_update()).one()
    if case.closed_at or case.next_due_at is None or case.next_due_at > at or case.warned_of == case.next_due_at:
        return
    case.warned_of = case.next_due_at
    data = {"case": case.id, "step": limits.next_step(case)}
    about = opening.subject(case)
    event = events.append(session, about, "case_overdue", by=None, at=at, channel="clock", data=data)
    if case.owner_id is None:
        opening.tell_supervision(session, "case_overdue", event, about=case.about, at=at)
    else:
        outbox.add(session, "case_overdue", event, to=case.owner_id, at=at)


def stale(session: Session, *, at: datetime) -> Sequence[int]:
    """Open cases whose limits are others by today's calendar: days off were published since. What is over stays so."""
    ahead = or_(ServiceCase.close_due_at.is_(None), ServiceCase.close_due_at > at)
    cases = session.scalars(select(ServiceCase).where(ServiceCase.is_open, ahead)).all()
    hours = limits.hours(session, at)
    return [case.id for case in cases if _limits(case) != _recounted(case, hours)]


def recount(session: Session, case_id: int, *, at: datetime) -> None:
    case = session.scalars(select(ServiceCase).where(ServiceCase.id == case_id).with_for_update()).one()
    if case.closed_at is None:
        case.call_due_at, case.answer_due_at, case.close_due_at = _recounted(case, limits.hours(session, at))
        case.next_due_at = limits.next_due(case)


Limits = tuple[datetime | None, datetime | None, datetime | None]


def _limits(case: ServiceCase) -> Limits:
    return case.call_due_at, case.answer_due_at, case.close_due_at


def _recounted(case: ServiceCase, hours: Hours) -> Limits:
    """An answer that was given once is due anew from the user's word, not from the beginning: it stays."""
    reachable = bool(case.call_due_at or case.person_id)
    fresh = limits.dues(case.opened_at.astimezone(hours.zone), hours, reachable=reachable)
    answer = case.answer_due_at if case.answered_at else fresh["answer_due_at"]
    return fresh["call_due_at"], answer, fresh["close_due_at"]
