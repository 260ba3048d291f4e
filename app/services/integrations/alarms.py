"""Alarms of a monitoring system: one key, one open ticket, however often it is raised; nobody rates it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db import insert_first
from app.models import MonitoringAlarm, Ticket
from app.models.ticket import OPEN_STATES
from app.services import events
from app.services.tickets import lifecycle
from app.services.tickets.lifecycle import NewTicket

CHANNEL = "api"


@dataclass(frozen=True)
class Raised:
    ticket: Ticket
    new: bool
    count: int


def raise_alarm(
    session: Session, integration_id: int, key: str, new: NewTicket, *, at: datetime, zone: ZoneInfo
) -> Raised:
    """The open ticket about it; a new one where the last is finished."""
    alarm = _held(session, integration_id, key, at)
    ticket = session.get(Ticket, alarm.ticket_id) if alarm.ticket_id is not None else None
    alarm.last_at = at
    if ticket is not None and ticket.state in OPEN_STATES:
        alarm.count += 1
        return Raised(ticket, new=False, count=alarm.count)
    ticket = lifecycle.report(session, new, by=None, at=at, zone=zone, channel=CHANNEL)
    alarm.ticket_id, alarm.count, alarm.first_at = ticket.id, 1, at
    return Raised(ticket, new=True, count=1)


def clear(session: Session, integration_id: int, key: str, *, at: datetime) -> Ticket | None:
    """The monitoring system says it is over: on the ticket's record; whether the work is done an engineer says."""
    alarm = session.get(MonitoringAlarm, (integration_id, key), with_for_update=True)
    ticket = session.get(Ticket, alarm.ticket_id) if alarm is not None and alarm.ticket_id is not None else None
    if ticket is None or ticket.state not in OPEN_STATES:
        return None
    events.append(session, ticket, "alarm_cleared", by=None, at=at, channel=CHANNEL)
    return ticket


def _held(session: Session, integration_id: int, key: str, at: datetime) -> MonitoringAlarm:
    """The row of this key, held against the same alarm raised beside it."""
    moments = {"first_at": at, "last_at": at}
    insert_first(session, MonitoringAlarm, integration_id=integration_id, key=key, ticket_id=None, count=0, **moments)
    return session.get_one(MonitoringAlarm, (integration_id, key), with_for_update=True)
