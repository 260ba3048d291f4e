"""Who somebody is: employment on a day, roles, whether they work for a provider."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.models import Department, Employment, Person, Post, Provider, RoleGrant, Team
from app.models.person import Day
from app.pagination import Line, Query
from app.services import spelling

LONGEST_WINDOW = timedelta(days=90)  # in which a ticket may be rated, whatever the hospital has set
_job = aliased(Employment)  # made once: SQLAlchemy takes a millisecond for one, and every request asks


def employment_at(session: Session, person_id: int, day: date) -> Employment | None:
    """The employment in force on that day; the latest begun where two overlap."""
    return session.scalar(
        select(Employment)
        .where(Employment.person_id == person_id, Employment.in_force(day))
        .order_by(Employment.valid_from.desc(), Employment.id.desc())
        .limit(1)
    )


def employments(whose: ColumnElement[bool]) -> Query:
    """Where somebody works and has worked, by name, the latest first."""
    return (
        select(
            Employment.valid_from,
            Employment.valid_to,
            Department.name.label("department"),
            Provider.name.label("provider"),
            Team.name.label("team"),
            Post.name.label("post"),
        )
        .outerjoin(Department, Department.id == Employment.department_id)
        .outerjoin(Provider, Provider.id == Employment.provider_id)
        .outerjoin(Team, Team.id == Employment.team_id)
        .outerjoin(Post, Post.id == Employment.post_id)
        .where(whose)
        .order_by(Employment.valid_from.desc(), Employment.id.desc())
    )


def works(person_id: InstrumentedAttribute[int], day: Day) -> ColumnElement[bool]:
    """Whether somebody may still act that day: not when every employment has ended.

    Who never had one, such as the first admin, may.
    """
    ever = select(_job.id).where(_job.person_id == person_id)
    return or_(ever.where(_job.in_force(day)).exists(), ~ever.exists())


def employed_by_provider(session: Session, person_id: int, day: date) -> bool:
    """Whether a provider employs them that day, also beside a department of the hospital."""
    theirs = select(Employment.id).where(Employment.person_id == person_id, Employment.of_provider(day, day))
    return session.scalar(theirs.limit(1)) is not None


def of_the_provider(session: Session, person_id: int | None, day: date) -> bool:
    """Whether a provider employs them, will do so, or did while work that may still be rated was done.

    Such a person decides nothing about a provider: no exclusion, no draw, no change of sides.
    """
    theirs = Employment.of_provider(day - LONGEST_WINDOW, None)
    query = select(Employment.id).where(Employment.person_id == person_id, theirs)
    return session.scalar(query.limit(1)) is not None


def roles_at(session: Session, person_id: int, day: date) -> frozenset[str]:
    """What the person may do that day: nothing once they have left."""
    query = select(RoleGrant.role).where(RoleGrant.person_id == person_id, works(RoleGrant.person_id, day))
    return frozenset(session.scalars(query))


def acting(session: Session, person_id: int, day: date) -> Sequence[Line]:
    """What every page asks about who is there, in one statement: name, sign-outs, whether a provider employs them that
    day; a row for each role, one without a role where there is none.
    """
    theirs = select(Employment.id).where(Employment.person_id == Person.id, Employment.of_provider(day, day))
    granted = (RoleGrant.person_id == Person.id) & works(RoleGrant.person_id, day)
    query = select(Person.name, Person.sign_outs, theirs.exists().label("provider"), RoleGrant.role)
    return session.execute(query.outerjoin(RoleGrant, granted).where(Person.id == person_id)).all()


def roles(session: Session, person_id: int) -> frozenset[str]:
    """What was granted to the person, whether they still work here or not."""
    return frozenset(session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person_id)))


def by_staff_number(session: Session, staff_number: str) -> Person | None:
    return session.scalar(select(Person).where(Person.staff_number == spelling.number(staff_number)))
