"""What the phones of the demo may scan: the codes that would hang on slips and ward walls."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from app.demo import roles
from app.demo.places import WARD
from app.models import Asset, BindInvitation, Category, Completion, CountedRating, Department, Person, Rating, Ticket
from app.models.ticket import OPEN_STATES
from app.services.tickets.scan import WINDOW

_HERS, _FINISHED, _OPEN, _WARDS, _ASSETS = 7, 8, 8, 4, 2  # with an invitation thirty in all: more is no help on a phone


@dataclass(frozen=True)
class Slip:
    ticket_id: int
    number: str
    state: str
    category: str
    department: str


def first_to_rate(session: Session, who: roles.Part = roles.NURSE, *, at: datetime) -> Slip | None:
    """Their latest finished ticket that nobody has rated."""
    query = (
        _slips()
        .join(Completion, and_(Completion.ticket_id == Ticket.id, Completion.cycle == Ticket.cycle))
        .join(Person, Person.id == Ticket.served_person_id)
        .outerjoin(CountedRating, CountedRating.completion_id == Completion.id)
        .outerjoin(Rating, Rating.completion_id == Completion.id)
        .where(
            Person.staff_number == who.staff_number,
            Ticket.state.in_(("finished", "closed")),
            Completion.finished_at > at - WINDOW,
            CountedRating.completion_id.is_(None),
            Rating.id.is_(None),
        )
        .order_by(Completion.finished_at.desc())
    )
    return next(iter(_read(session, query.limit(1))), None)


def slips(session: Session, *, at: datetime) -> list[Slip]:
    """Finished tickets, those of the nurse's ward first, then open ones. Who has rated plays no part."""
    finished = _slips().where(
        Ticket.state.in_(("finished", "closed")),
        Ticket.finished_at > at - WINDOW,
        Ticket.rateable,
    )
    newest = Ticket.finished_at.desc()
    opened = _slips().where(Ticket.state.in_(OPEN_STATES)).order_by(Ticket.reported_at.desc())
    return [
        *_read(session, finished.where(Department.code == WARD).order_by(newest).limit(_HERS)),
        *_read(session, finished.where(Department.code != WARD).order_by(newest).limit(_FINISHED)),
        *_read(session, opened.limit(_OPEN)),
    ]


def to_urge(session: Session) -> Slip | None:
    """What the nurse waits for."""
    query = _slips().join(Person, Person.id == Ticket.served_person_id).order_by(Ticket.reported_at.desc())
    hers = query.where(Person.staff_number == roles.NURSE.staff_number, Ticket.state.in_(OPEN_STATES))
    return next(iter(_read(session, hers.limit(1))), None)


def assets(session: Session) -> list[tuple[int, str]]:
    """Id and name of what carries a label."""
    query = select(Asset.id, Asset.name, Asset.tag).where(Asset.retired_at.is_(None)).order_by(Asset.id)
    return [(id_, f"{name} {tag}") for id_, name, tag in session.execute(query.limit(_ASSETS))]


def wards(session: Session) -> list[tuple[int, str]]:
    """Id and name of departments whose wall carries a code, the nurse's first."""
    query = select(Department.id, Department.name).order_by((Department.code == WARD).desc(), Department.code)
    return [(id_, name) for id_, name in session.execute(query.limit(_WARDS))]


def invitations(session: Session) -> list[tuple[int, str]]:
    """Number and name of whoever has not used their strip of the ward's sheet: the stranger."""
    query = select(BindInvitation.number, Person.name).join(Person, Person.id == BindInvitation.person_id)
    hers = query.where(Person.staff_number == roles.STRANGER.staff_number, BindInvitation.used_at.is_(None))
    return [(number, name) for number, name in session.execute(hers.limit(1))]


def _slips() -> Select[int, str, str, str, str]:
    return (
        select(Ticket.id, Ticket.number, Ticket.state, Category.name, Department.name)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
    )


def _read(session: Session, query: Select[int, str, str, str, str]) -> list[Slip]:
    return [
        Slip(id_, number, state, category or "", department or "")
        for id_, number, state, category, department in session.execute(query)
    ]
