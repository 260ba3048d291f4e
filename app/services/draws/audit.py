"""What the auditor alone may read: K, and who is behind the entries. That he read it is an event."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Draw
from app.services import people as persons
from app.services.draws import events, files, people, secret
from app.services.draws.files import Fields


def export(session: Session, draw: Draw, *, by: int, zone: ZoneInfo, at: datetime) -> Fields:
    """Enough to make the list again with `lottery.rule`: every leaf one person, every ticket a rating."""
    if "auditor" not in persons.roles_at(session, by, at.date()):
        raise Refused("not_the_auditor")
    found = people.find(session, draw, cap=files.announced(session, draw)["cap"], zone=zone)
    events.record(session, draw, "key_read", by=by, at=at)
    everybody = zip(found.people.ids.tolist(), found.people.tickets.tolist(), strict=True)
    return {
        "draw_id": draw.draw_id,
        "key": secret.of(session, draw).key.hex(),
        "people": [{"pid": secret.pid(draw, person), "tickets": tickets} for person, tickets in everybody],
        "excluded": found.excluded,
    }
