"""Finding people, and one person with employments, roles and WeChat identities."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, and_, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.errors import Missing
from app.models import (
    Department,
    Employment,
    Person,
    Post,
    Provider,
    RoleGrant,
    Team,
    WeChatIdentity,
)
from app.pagination import Line
from app.services import spelling
from app.services.organisation import employment

SIZE = 50
_job = aliased(Employment)


@dataclass(frozen=True)
class PeoplePage:
    """Some people by staff number; `after` continues the list and is None at its end."""

    rows: Sequence[Line]
    after: str | None


@dataclass(frozen=True)
class PersonPage:
    person: Person
    employments: Sequence[Line]
    roles: Sequence[str]
    identities: Sequence[WeChatIdentity]


def current_employment(person_id: InstrumentedAttribute[int], day: date) -> ScalarSelect[int]:
    """The employment in force on that day, as a column of a query over people."""
    query = select(_job.id).where(_job.person_id == person_id, _job.in_force(day))
    return query.order_by(_job.valid_from.desc(), _job.id.desc()).limit(1).scalar_subquery()


def find(
    session: Session, *, day: date, text: str = "", department_id: int | None = None, after: str | None = None
) -> PeoplePage:
    """People whose name holds the text or whose staff number begins with it, with what they do that day."""
    bound = select(WeChatIdentity.id).where(WeChatIdentity.person_id == Person.id).exists()
    query = (
        select(
            Person.id,
            Person.staff_number,
            Person.name,
            Person.telephone,
            Person.job_type,
            Department.name.label("department"),
            Provider.name.label("provider"),
            Team.name.label("team"),
            Post.name.label("post"),
            bound.label("bound"),
        )
        .select_from(Person)
        .outerjoin(Employment, Employment.id == current_employment(Person.id, day))
        .outerjoin(Department, Department.id == Employment.department_id)
        .outerjoin(Provider, Provider.id == Employment.provider_id)
        .outerjoin(Team, Team.id == Employment.team_id)
        .outerjoin(Post, Post.id == Employment.post_id)
        .where(Person.erased_at.is_(None))
    )
    if text:
        holds = Person.name.contains(text, autoescape=True)
        typed = text.lower()
        spelt = and_(Person.initials >= typed, Person.initials < typed + "\x7f") if typed.isascii() else false()
        query = query.where(or_(holds, spelt, Person.staff_number.startswith(text, autoescape=True)))
    if department_id is not None:
        query = query.where(Employment.department_id == department_id)
    if after is not None:
        query = query.where(Person.staff_number > after)
    rows = session.execute(query.order_by(Person.staff_number).limit(SIZE + 1)).all()
    return PeoplePage(rows[:SIZE], rows[SIZE - 1].staff_number if len(rows) > SIZE else None)


def supervisors(session: Session, *, at: datetime) -> Sequence[int]:
    """The hospital's supervisors who work that day."""
    works = employment.works(RoleGrant.person_id, at.date())
    here = select(RoleGrant.person_id).where(RoleGrant.role == "supervisor", works)
    return session.scalars(here.order_by(RoleGrant.person_id)).all()


def named(session: Session, text: str, day: date) -> Sequence[Line]:
    """Whoever has exactly this staff number, else everybody with exactly this name; one above SIZE says: too many.

    Only of those who work that day: a ticket for somebody who has left would be rated by whoever has their phone now.
    """
    query = (
        select(
            Person.id,
            Person.staff_number,
            Person.name,
            Person.job_type,
            Employment.provider_id,
            Department.id.label("department_id"),
            Department.name.label("department"),
        )
        .select_from(Person)
        .outerjoin(Employment, Employment.id == current_employment(Person.id, day))
        .outerjoin(Department, Department.id == Employment.department_id)
        .where(employment.works(Person.id, day))
        .order_by(Person.staff_number)
        .limit(SIZE + 1)
    )
    return (
        session.execute(query.where(Person.staff_number == spelling.number(text))).all()
        or session.execute(query.where(Person.name == text)).all()
    )


def identity_of(session: Session, person_id: int, identity_id: int) -> WeChatIdentity:
    """Raises Missing unless this identity is bound to this person."""
    identity = session.get(WeChatIdentity, identity_id)
    if identity is None or identity.person_id != person_id:
        raise Missing("not_bound")
    return identity


def show(session: Session, person_id: int) -> PersonPage:
    """Raises Missing."""
    person = session.get(Person, person_id)
    if person is None:
        raise Missing("no_such_person")
    employments = session.execute(employment.employments(Employment.person_id == person_id)).all()
    roles = session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person_id).order_by(RoleGrant.role))
    identities = session.scalars(
        select(WeChatIdentity).where(WeChatIdentity.person_id == person_id).order_by(WeChatIdentity.id)
    )
    return PersonPage(person, employments, roles.all(), identities.all())


def engineers(session: Session) -> list[Person]:
    """Every engineer by name, also those who have left: lists of the past are asked for them."""
    query = select(Person).join(RoleGrant, RoleGrant.person_id == Person.id).where(RoleGrant.role == "engineer")
    return list(session.scalars(query.order_by(Person.name)))
