"""Who somebody is: employment on a day, roles, whether he works for a provider."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import Employment, Person, RoleGrant


def employment_at(session: Session, person_id: int, day: date) -> Employment | None:
    """The employment in force on that day; the latest begun where two overlap."""
    return session.scalar(
        select(Employment)
        .where(
            Employment.person_id == person_id,
            Employment.valid_from <= day,
            or_(Employment.valid_to.is_(None), Employment.valid_to >= day),
        )
        .order_by(Employment.valid_from.desc(), Employment.id.desc())
        .limit(1)
    )


def roles(session: Session, person_id: int) -> frozenset[str]:
    return frozenset(session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person_id)))


def by_staff_number(session: Session, staff_number: str) -> Person | None:
    return session.scalar(select(Person).where(Person.staff_number == staff_number.strip()))
