"""The supervision's line: what a supervisor heard on the telephone becomes a case."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Person
from app.services.cases import complaints, opening
from app.services.cases.acts import Actor
from app.services.organisation import directory
from app.services.tickets import lifecycle


@dataclass(frozen=True)
class HotlineCall:
    """Who rang (a staff number or a name; also somebody on no roster), from where, about which ticket, and what."""

    who: str
    telephone: str
    number: str
    text: str


def log(session: Session, call: HotlineCall, actor: Actor) -> int:
    """The case's number. Raises Missing for a ticket there is not, Refused for a name several people have."""
    ticket = lifecycle.locked(session, number=call.number) if call.number else None
    person = _caller(session, call.who, actor.at.date())
    left = "" if person and person.telephone == call.telephone else call.telephone
    caller = " ".join(filter(None, ("" if person else call.who, left)))
    about = complaints.about(ticket, "service")
    cause = replace(about, person_id=person.id if person else None, callable=bool(caller))
    event = opening.open_case(session, cause, by=actor.by, at=actor.at, channel=actor.channel)
    case_id = complaints.written(session, event, call.text, actor.by, actor.at)
    if event:
        opening.note(session, case_id, event, "caller", caller, by=actor.by, at=actor.at)
    return case_id


def _caller(session: Session, who: str, day: date) -> Person | None:
    found = directory.named(session, who, day) if who else []
    if len(found) > 1:
        raise Refused("caller_ambiguous")
    return session.get_one(Person, found[0].id) if found else None
