"""What whoever scanned may do besides rating: ask to hurry, say that it is still broken."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import Refused
from app.services.ratings import rating
from app.services.tickets import lifecycle
from app.services.tickets.scan import Scan


def urge(session: Session, scan: Scan, *, at: datetime, channel: str) -> None:
    if scan.provider_staff:
        raise Refused("provider_staff")
    ticket = lifecycle.locked(session, ticket_id=scan.ticket_id)
    lifecycle.urge(session, ticket, by=scan.person_id, at=at, channel=channel)


def say_still_broken(session: Session, scan: Scan, *, trusted: bool, at: datetime, channel: str) -> None:
    """Reopens; a second tap finds it reopened. Who is not trusted is heard, but reopens nothing."""
    if scan.state == "reopened":
        return
    rating.check_rater(scan, at=at)
    ticket = lifecycle.locked(session, ticket_id=scan.ticket_id)
    if trusted:
        lifecycle.reopen(session, ticket, by=scan.person_id, at=at, channel=channel)
    else:
        lifecycle.say_still_broken(session, ticket, at=at, channel=channel)
