"""The ward's permanent code: what was finished there in the window and is not yet rated."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Category, Completion, CountedRating, Department, Employment, Rating, Ticket, WeChatIdentity
from app.services.scan import WINDOW

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


def ward(session: Session, department_id: int, *, identity_id: int | None, at: datetime) -> Ward:
    """The ward's list for this visitor; raises Missing.

    Only members of the department see which are still unrated. Everybody else sees all that were finished, so
    that nobody of the provider can read from the list who has rated (law of the rater's protection).
    """
    department = session.get(Department, department_id)
    if department is None:
        raise Missing("bad_token")
    member = identity_id is not None and _member(session, department_id, identity_id, at.date())
    query = (
        select(Ticket.id, Ticket.number, Completion.finished_at, Category.name)
        .join(Completion, (Completion.ticket_id == Ticket.id) & (Completion.cycle == Ticket.cycle))
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(
            Completion.department_id == department_id,
            Completion.finished_at > at - WINDOW,
            Completion.rateable,
            Ticket.state.in_(("finished", "closed")),
        )
        .order_by(Completion.finished_at.desc())
        .limit(MOST)
    )
    own = exists().where(Rating.completion_id == Completion.id, Rating.identity_id == (identity_id or 0))
    counted = exists().where(CountedRating.completion_id == Completion.id)
    query = query.where(~or_(own, counted) if member else ~own)
    rows = session.execute(query)
    waiting = [Waiting(id_, number, finished, category or "") for id_, number, finished, category in rows]
    return Ward(department.name, member, waiting)


def _member(session: Session, department_id: int, identity_id: int, on: date) -> bool:
    query = (
        select(Employment.id)
        .join(WeChatIdentity, WeChatIdentity.person_id == Employment.person_id)
        .where(
            WeChatIdentity.id == identity_id,
            Employment.department_id == department_id,
            Employment.valid_from <= on,
            or_(Employment.valid_to.is_(None), Employment.valid_to >= on),
        )
    )
    return session.scalar(query) is not None
