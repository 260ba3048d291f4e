"""A ticket waits for the user, a part or a supplier: its solution's clock stands, with a reason, an end and on record.

Only what was answered can wait, so nobody stops a clock they have not answered. A pause ends by itself at the end it
was given, so that nothing waits because somebody forgot it; letting it run on and finishing end it sooner.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Ticket
from app.models.ticket import PAUSE_REASONS
from app.services import events
from app.services.events import Recorded
from app.services.service_levels import clock

ANSWERED = ("accepted", "arrived")
LENGTHS = (1, 4, 24, 72, 168)  # hours, as the forms offer them
LONGEST = timedelta(days=31)


@dataclass(frozen=True)
class Waiting:
    """What a ticket waits for, since when, and until when; without an end only where it was paused before ends were."""

    reason: str
    since: datetime
    until: datetime | None


def pause(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    until: datetime,
    by: int,
    at: datetime,
    zone: ZoneInfo,
    channel: str,
) -> Recorded:
    """The ticket is held by the caller. What is due moves by the open time of the whole pause."""
    if ticket.state not in ANSWERED:
        raise Refused("pause_before_answer")
    if reason not in PAUSE_REASONS:
        raise Refused("pause_without_reason")
    if not at < until <= at + LONGEST:
        raise Refused("pause_without_end", days=LONGEST.days)
    if waiting(session, ticket, at=at):
        raise Refused("paused_already")
    data = {"reason": reason, "until": until.isoformat()}
    event = events.append(session, ticket, "paused", by=by, at=at, channel=channel, data=data)
    ticket.due_at = clock.solution_due(session, ticket, zone=zone)
    return event


def resume(session: Session, ticket: Ticket, *, by: int, at: datetime, zone: ZoneInfo, channel: str) -> Recorded:
    """The ticket is held by the caller."""
    if not waiting(session, ticket, at=at):
        raise Refused("not_paused")
    event = events.append(session, ticket, "resumed", by=by, at=at, channel=channel)
    ticket.due_at = clock.solution_due(session, ticket, zone=zone)
    return event


def waiting(session: Session, ticket: Ticket, *, at: datetime) -> Waiting | None:
    """What it waits for at this moment, if it does."""
    if ticket.state not in ANSWERED:
        return None
    wait = clock.courses(session, ticket.id)[-1].wait(at)
    return Waiting(wait.reason, wait.begin, wait.end) if wait else None
