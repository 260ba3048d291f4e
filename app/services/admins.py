"""The first admin: made at the command line, because nobody can sign in before him."""

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Credential, Person, RoleGrant
from app.services import people
from app.services.passwords import hash_password


def create(session: Session, staff_number: str, name: str, password: str) -> Person:
    """Give this person the role admin and this password, making the person if the roster has none yet."""
    hashed = hash_password(password)
    person = people.by_staff_number(session, staff_number)
    if person is None:
        person = Person(staff_number=staff_number.strip(), name=name.strip())
        session.add(person)
        session.flush()
    elif person.name != name.strip():
        raise Refused("another_name", staff_number=person.staff_number, name=person.name)
    if "auditor" in people.roles(session, person.id):
        raise Refused("admin_and_auditor", staff_number=person.staff_number)
    session.merge(RoleGrant(person_id=person.id, role="admin"))
    session.merge(Credential(person_id=person.id, password_hash=hashed, failures=0, locked_until=None))
    return person
