"""Complaints: in the user's own words, or as a supervisor wrote them down on the telephone. Never for the provider."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import HELD
from app.errors import Refused
from app.models import CaseNote, Person, ServiceCase, Ticket
from app.models.case import UNANSWERED
from app.services.cases import opening
from app.services.cases.opening import Cause
from app.services.events import Recorded

LONGEST = 1000
CALLER_MOST = 100


@dataclass(frozen=True)
class ComplaintForm:
    """What somebody complains of; `hidden`: it is passed on without saying whose it is."""

    text: str
    about: str = "ticket"
    hidden: bool = False


@dataclass(frozen=True)
class OwnComplaint:
    """As whoever complained reads it; `place`: which of their own about this ticket."""

    id: int
    place: int
    text: str
    at: datetime
    answer: str
    answered_at: datetime | None

    @property
    def state(self) -> str:
        return "answered" if self.answered_at else "open"


def complain(
    session: Session, ticket: Ticket | None, form: ComplaintForm, *, by: int, at: datetime, channel: str
) -> OwnComplaint:
    """A second complaint about the same waits for the answer to the first; raises Refused."""
    session.get_one(Person, by, with_for_update=HELD)  # two taps at once come one after the other
    if _waits(session, ticket, form.about, by):
        raise Refused("complained_already")
    cause = replace(about(ticket, form.about), person_id=by, hidden=form.hidden)
    case_id = written(session, opening.open_case(session, cause, by=by, at=at, channel=channel), form.text, by, at)
    own = session.scalars(select(ServiceCase.id).where(*_of_person(ticket.id if ticket else None, by))).all()
    return OwnComplaint(case_id, len(own), form.text, at, "", None)


def of_person(session: Session, ticket_id: int, person_id: int) -> Sequence[OwnComplaint]:
    """The complaints of one person about this ticket, oldest first."""
    own = _of_person(ticket_id, person_id)
    cases = session.scalars(select(ServiceCase).where(*own).order_by(ServiceCase.id)).all()
    words = _words(session, [case.id for case in cases])
    return [
        OwnComplaint(
            case.id,
            place,
            words.get((case.id, "complaint"), ""),
            case.opened_at,
            words.get((case.id, "answer"), ""),
            case.answered_at,
        )
        for place, case in enumerate(cases, 1)
    ]


def about(ticket: Ticket | None, about: str) -> Cause:
    return Cause("complaint", ticket.id, ticket.cycle) if ticket else Cause("complaint", about=about)


def _waits(session: Session, ticket: Ticket | None, about: str, by: int) -> bool:
    waiting = (ServiceCase.about == about, ServiceCase.stage.in_(UNANSWERED))
    query = select(ServiceCase.id).where(*_of_person(ticket.id if ticket else None, by), *waiting)
    return session.scalar(query.limit(1)) is not None


def _of_person(ticket_id: int | None, person_id: int) -> Sequence[Any]:
    of_ticket = ServiceCase.ticket_id.is_not_distinct_from(ticket_id)
    return ServiceCase.reason == "complaint", ServiceCase.person_id == person_id, of_ticket


def written(session: Session, event: Recorded | None, text: str, by: int, at: datetime) -> int:
    if event is None:
        raise Refused("complained_already")
    opening.note(session, event.subject_id, event, "complaint", text, by=by, at=at)
    return event.subject_id


def _words(session: Session, case_ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """The last of each kind."""
    notes = select(CaseNote).where(CaseNote.case_id.in_(case_ids)).order_by(CaseNote.id)
    return {(note.case_id, note.kind): note.text for note in session.scalars(notes)}
