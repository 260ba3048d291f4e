"""What a person has been told, whatever channel it went by, and whether they have seen it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.models import Notice, Ticket
from app.models.kinds import AWAITS_OPENING
from app.models.ticket import AWAITING
from app.pagination import Query
from app.services.notices import content
from app.services.notices.content import NoticeContext

SHOWN_FOR = timedelta(days=30)
MOST = 30
COUNTED = 100


@dataclass(frozen=True)
class Entry:
    id: int
    kind: str
    at: datetime
    opened: bool
    context: NoticeContext


def list_for_person(session: Session, person_id: int, *, at: datetime) -> list[Entry]:
    """The last notices to this person, the newest first."""
    recent = (Notice.person_id == person_id, Notice.created_at > at - SHOWN_FOR)
    found = session.scalars(
        select(Notice).where(*recent).order_by(Notice.created_at.desc(), Notice.id.desc()).limit(MOST)
    ).all()
    contexts = content.contexts(session, [one.id for one in found])
    return [Entry(one.id, one.kind, one.created_at, one.opened_at is not None, contexts[one.id]) for one in found]


def unread(session: Session, person_id: int, *, at: datetime) -> int:
    """How many of them the person has not seen; COUNTED stands for that many or more."""
    some = _unread(person_id, at).limit(COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def mark_read(session: Session, person_id: int, *, up_to: datetime, at: datetime) -> None:
    """The person has seen the list as it stood when its newest was of `up_to`."""
    expected = or_(Ticket.lead_id == person_id, Notice.kind == "backup")
    waited_for = select(Ticket.id).where(Ticket.id == Notice.ticket_id, Ticket.state.in_(AWAITING), expected)
    passing = or_(Notice.kind.not_in(AWAITS_OPENING), ~waited_for.exists())
    _open(session, Notice.id.in_(_unread(person_id, at).where(Notice.created_at <= up_to, passing)), at)


def unseen(session: Session, ticket_id: int, *, person_id: int) -> bool:
    """Whether the person was told something about this ticket that they have not seen."""
    sent = select(Notice.id).where(Notice.ticket_id == ticket_id, Notice.person_id == person_id)
    return session.scalar(sent.where(Notice.opened_at.is_(None)).limit(1)) is not None


def open_ticket(session: Session, ticket_id: int, *, person_id: int, at: datetime) -> bool:
    """The person has opened this ticket; answers whether somebody was waiting for that."""
    opened = _open(session, (Notice.ticket_id == ticket_id) & (Notice.person_id == person_id), at)
    return not opened.isdisjoint(AWAITS_OPENING)


def see_ticket(session: Session, ticket_id: int, *, person_id: int, at: datetime) -> None:
    """The person looks at this ticket as its user, whichever way they came; a dispatch waits for its engineer."""
    theirs = (Notice.ticket_id == ticket_id, Notice.person_id == person_id)
    _open(session, and_(*theirs, Notice.kind.not_in(AWAITS_OPENING)), at)


def _unread(person_id: int, at: datetime) -> Query:
    recent = (Notice.person_id == person_id, Notice.created_at > at - SHOWN_FOR)
    return select(Notice.id).where(*recent, Notice.opened_at.is_(None))


def _open(session: Session, which: ColumnElement[bool], at: datetime) -> set[str]:
    """The kinds of those which were not opened before."""
    change = update(Notice).where(which, Notice.opened_at.is_(None)).values(opened_at=at).returning(Notice.kind)
    return set(session.scalars(change.execution_options(synchronize_session=False)))
