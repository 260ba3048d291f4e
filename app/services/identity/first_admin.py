"""The first admin: made at the command line, because nobody can sign in before there is one."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Credential, Person, RoleGrant
from app.models.person import STAFF_NUMBER
from app.services import events, spelling
from app.services.events import About
from app.services.identity.passwords import hash_password
from app.services.organisation import employment as people


def create(session: Session, staff_number: str, name: str, password: str, *, at: datetime) -> Person:
    """Give this person the role admin and this password, making the person if the roster has none yet."""
    hashed = hash_password(password)
    staff_number = spelling.number(staff_number)
    person = people.by_staff_number(session, staff_number)
    if not STAFF_NUMBER.fullmatch(staff_number):
        raise Refused("staff_number_form", staff_number=staff_number)
    if not name.strip():
        raise Refused("name_missing")
    if person is None:
        person = Person(staff_number=staff_number, name=name.strip())
        session.add(person)
        session.flush()
    elif person.name != name.strip():
        raise Refused("another_name", staff_number=person.staff_number, name=person.name)
    if "auditor" in people.roles(session, person.id):
        raise Refused("admin_and_auditor", staff_number=person.staff_number)
    if people.employed_by_provider(session, person.id, at.date()):
        raise Refused("provider_supervises", staff_number=person.staff_number)
    session.merge(RoleGrant(person_id=person.id, role="admin"))
    data = {"roles": sorted({*people.roles(session, person.id), "admin"})}
    events.append(session, About(person.id), "roles_changed", by=None, at=at, channel="cli", data=data)
    session.merge(Credential(person_id=person.id, password_hash=hashed))
    return person
