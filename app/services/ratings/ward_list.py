"""The ward's permanent code: what was finished there in the window and is not yet rated."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing, Refused
from app.models import Category, Completion, CountedRating, Department, Employment, Rating, Ticket, WeChatIdentity
from app.services.organisation import employment

MOST = 50


@dataclass(frozen=True)
class Waiting:
    ticket_id: int
    number: str
    finished_at: datetime
    category: str


@dataclass(frozen=True)
class Ward:
    name: str
    member: bool
    waiting: list[Waiting]


def ward(session: Session, department_id: int, *, identity_id: int | None, window: timedelta, at: datetime) -> Ward:
    """The ward's list for this visitor; raises Missing, and Refused for whom a provider employs today.

    Members of the department see what they can still rate: the department's tickets and their own. Everybody
    else sees all that were finished, so that nobody of the provider can read from the list who has rated (law of
    the rater's protection).
    """
    department = session.get(Department, department_id)
    if department is None:
        raise Missing("bad_token")
    if identity_id and _employed_by_provider(session, identity_id, at.date()):
        raise Refused("ward_closed")
    member = _member(session, department_id, identity_id, window=window, at=at) if identity_id else None
    query = (
        select(Ticket.id, Ticket.number, Completion.finished_at, Category.name)
        .join(Completion, (Completion.ticket_id == Ticket.id) & (Completion.cycle == Ticket.cycle))
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(
            Completion.department_id == department_id,
            Completion.finished_at > at - window,
            Completion.rateable,
            Ticket.state.in_(("finished", "closed")),
        )
        .order_by(Completion.finished_at.desc())
        .limit(MOST)
    )
    own = exists().where(Rating.completion_id == Completion.id, Rating.identity_id == (identity_id or 0))
    counted = exists().where(CountedRating.completion_id == Completion.id)
    if member is None:
        query = query.where(~own)
    else:
        of_member = or_(Ticket.served_department_id == department_id, Ticket.served_person_id == member)
        query = query.where(of_member, ~or_(own, counted))
    rows = session.execute(query)
    waiting = [Waiting(id_, number, finished, category or "") for id_, number, finished, category in rows]
    return Ward(department.name, member is not None, waiting)


def _employed_by_provider(session: Session, identity_id: int, day: date) -> bool:
    person_id = session.scalar(select(WeChatIdentity.person_id).where(WeChatIdentity.id == identity_id))
    return person_id is not None and employment.employed_by_provider(session, person_id, day)


def _member(session: Session, department_id: int, identity_id: int, *, window: timedelta, at: datetime) -> int | None:
    """The person, if they work in the department and did not work for a provider within the window."""
    on, before = at.date(), aliased(Employment)
    of_provider = exists().where(
        before.person_id == WeChatIdentity.person_id, before.of_provider((at - window).date(), on)
    )
    query = (
        select(Employment.person_id)
        .join(WeChatIdentity, WeChatIdentity.person_id == Employment.person_id)
        .where(
            WeChatIdentity.id == identity_id,
            Employment.department_id == department_id,
            Employment.in_force(on),
            ~of_provider,
        )
    )
    return session.scalar(query)
