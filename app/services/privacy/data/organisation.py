"""What the roster and the roles keep about a person."""

from sqlalchemy import select

from app.models import Employment, Person, RoleGrant
from app.pagination import Query
from app.services.organisation import employment
from app.services.privacy.data.subject import Subject, belongs_to


def person(subject: Subject) -> Query:
    columns = (Person.staff_number, Person.name, Person.telephone, Person.job_type, Person.reminders_since)
    return select(*columns).where(belongs_to(Person.id, subject))


def employments(subject: Subject) -> Query:
    return employment.employments(belongs_to(Employment.person_id, subject))


def roles(subject: Subject) -> Query:
    return select(RoleGrant.role).where(belongs_to(RoleGrant.person_id, subject)).order_by(RoleGrant.role)
