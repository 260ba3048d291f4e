"""Cases as whoever's voice they are reads them: who deals with it, by when, what was said to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import CaseNote, Person, ServiceCase, Ticket
from app.models.case import UNANSWERED
from app.pagination import Line
from app.services.cases import search
from app.services.cases.acts import AFTER_ANSWER

MOST = 30
NOTES_SHOWN = frozenset({"complaint", "answer", "agreement", "recovery", "insistence", "closing"})
# What is told of its course; who called whom how often is the hospital's own business.
SHOWN = frozenset(
    {
        "case_opened",
        "complained",
        "case_answered",
        "complaint_answered",
        "recovery_agreed",
        "case_recovered",
        "case_rerated",
        "case_insisted",
        "case_closed",
    }
)


@dataclass(frozen=True)
class OwnCase:
    """One case, with what may be done about it now."""

    case: ServiceCase
    number: str | None
    owner: str | None
    history: Sequence[search.HistoryEntry]

    @property
    def unanswered(self) -> bool:
        return self.case.stage in UNANSWERED

    @property
    def rateable(self) -> bool:
        return self.case.stage == "recovered"

    @property
    def answerable(self) -> bool:
        """Whether the user has the word: to close it, or to say that it is not solved."""
        return self.case.stage in AFTER_ANSWER

    @property
    def called(self) -> bool:
        """Whether the call is still to come."""
        return self.case.call_due_at is not None and self.case.called_at is None and self.case.closed_at is None


@dataclass(frozen=True)
class Promise:
    """Who rated low is called back: by when, on which telephone (its last four signs), none where it is done."""

    case_id: int
    stage: str
    call_due_at: datetime | None
    telephone: str


def list_for_person(session: Session, person_id: int) -> Sequence[Line]:
    """The last ones, the newest first."""
    query = select(ServiceCase, Ticket.number).outerjoin(Ticket, Ticket.id == ServiceCase.ticket_id)
    query = query.where(ServiceCase.person_id == person_id).order_by(ServiceCase.opened_at.desc()).limit(MOST)
    return session.execute(query).all()


def of_person(session: Session, case_id: int, person_id: int) -> OwnCase:
    """Raises Missing for everybody else's."""
    row = session.execute(
        select(ServiceCase, Ticket.number, Person.name)
        .outerjoin(Ticket, Ticket.id == ServiceCase.ticket_id)
        .outerjoin(Person, Person.id == ServiceCase.owner_id)
        .where(ServiceCase.id == case_id, ServiceCase.person_id == person_id)
    ).first()
    if row is None:
        raise Missing("no_such_case")
    case, number, owner = row
    history = [_own(one) for one in search.history(session, case) if one.kind in SHOWN]
    return OwnCase(case, number, owner, history)


def of_rating(session: Session, rating_id: int, person_id: int) -> Promise | None:
    """What was promised to somebody who rated low: who calls, and by when."""
    case = session.scalar(
        select(ServiceCase).where(ServiceCase.rating_id == rating_id, ServiceCase.person_id == person_id)
    )
    if case is None:
        return None
    telephone = session.scalar(select(Person.telephone).where(Person.id == person_id)) or ""
    return Promise(case.id, case.stage, case.call_due_at if case.called_at is None else None, telephone[-4:])


def _own(entry: search.HistoryEntry) -> search.HistoryEntry:
    notes: list[CaseNote] = [note for note in entry.notes if note.kind in NOTES_SHOWN]
    return replace(entry, actor=None, data={}, notes=notes)
