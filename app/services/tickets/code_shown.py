"""That the code was shown, and that its user opened it: what coverage (R4) counts. Never whether it was rated."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Completion, CompletionHelper, Event, Ticket
from app.services import events
from app.services.events import About
from app.services.tickets import lifecycle
from app.services.tickets.scan import ScanView

SHOWN, OPENED = "shown", "code_opened"
TOLD_WITHIN = timedelta(days=3)  # a phone that found no network may tell it later


def record_shown(session: Session, number: str, *, cycle: int, by: int, at: datetime, now: datetime) -> None:
    """The engineer showed the code of a finished ticket, perhaps some time ago. A second showing adds nothing."""
    helped = select(CompletionHelper.completion_id).where(CompletionHelper.person_id == by)
    done = session.scalar(
        select(Completion)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .where(Ticket.number == number, Completion.cycle == cycle, Completion.rateable)
        .where(or_(Completion.lead_id == by, Completion.id.in_(helped)))
    )
    if done is None:
        raise Missing("no_such_ticket")
    if not max(done.finished_at, now - TOLD_WITHIN) <= at <= now:
        raise Refused("absurd_time")
    _once(session, done.ticket_id, cycle, SHOWN, by=by, at=at, now=now, channel="wechat")


def record_opened(session: Session, scan: ScanView, *, at: datetime) -> None:
    """Somebody who may rate looks at the page. Who it is stays untold, for the provider reads this event."""
    if scan.finished and scan.rateable and not scan.provider_staff and not scan.proxy:
        _once(session, scan.ticket_id, scan.cycle, OPENED, by=None, at=at, now=at, channel="scan")


def which(session: Session, ticket_id: int, *, cycle: int) -> set[str]:
    """Which of the two are on record."""
    query = select(Event.kind).where(Event.ticket_id == ticket_id, Event.cycle == cycle)
    return set(session.scalars(query.where(Event.kind.in_((SHOWN, OPENED)))))


def _once(
    session: Session,
    ticket_id: int,
    cycle: int,
    kind: str,
    *,
    by: int | None,
    at: datetime,
    now: datetime,
    channel: str,
) -> None:
    if kind in which(session, ticket_id, cycle=cycle):
        return
    lifecycle.locked(session, ticket_id=ticket_id)
    if kind not in which(session, ticket_id, cycle=cycle):
        about = About(ticket_id, ticket_id, cycle)
        events.append(session, about, kind, by=by, at=at, recorded_at=now, channel=channel)
