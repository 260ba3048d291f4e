"""Somebody leaves: the employment that runs gets its last day, with a reason. The roster says the same for many."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.services import events
from app.services.events import About
from app.services.organisation import employment


def end(session: Session, person_id: int, last: date, *, reason: str, by: int, at: datetime) -> None:
    """Raises Missing where nothing runs; Refused for oneself, and for a day before it began or in the past."""
    found = employment.employment_at(session, person_id, at.date())
    if found is None:
        raise Missing("no_employment")
    if person_id == by:
        raise Refused("own_employment")
    if not found.can_end(last, at.date()):
        raise Refused("last_day_wrong")
    found.valid_to = last
    data = {
        "move": "leave",
        "department": found.department_id,
        "provider": found.provider_id,
        "team": found.team_id,
        "post": found.post_id,
        "from": found.valid_from.isoformat(),
        "to": last.isoformat(),
    }
    about = About(person_id)
    events.append_noted(session, about, "employment_changed", reason, by=by, at=at, channel="console", data=data)
