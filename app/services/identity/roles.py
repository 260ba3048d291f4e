"""Who may do what: given and taken by an admin, on record, within the rules that no roster may break either."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Person, RoleGrant
from app.services import events
from app.services.events import About
from app.services.organisation import employment as people

GRANTED = ("engineer", "desk", "supervisor", "admin", "auditor")
SUPERVISE = frozenset({"supervisor", "admin", "auditor"})


def change(
    session: Session, person_id: int, roles: Collection[str], *, reason: str = "", by: int, at: datetime
) -> bool:
    """From now on these, of those that are given; answers whether that is new. Nobody gives up their own admin.

    What is taken away needs a reason.
    """
    person = session.get(Person, person_id)
    if person is None or person.erased_at is not None:
        raise Missing("no_such_person")
    had, chosen = set(people.roles(session, person_id)) & set(GRANTED), set(roles) & set(GRANTED)
    if had == chosen:
        return False
    if had - chosen and not reason:
        raise Refused("why_missing")
    if {"admin", "auditor"} <= chosen:
        raise Refused("roles_apart")
    if chosen & SUPERVISE and people.employed_by_provider(session, person_id, at.date()):
        raise Refused("roles_of_provider")
    if person_id == by and "admin" in had - chosen:
        raise Refused("own_admin")
    gone = (RoleGrant.person_id == person_id, RoleGrant.role.in_(had - chosen))
    session.execute(delete(RoleGrant).where(*gone))
    session.add_all(RoleGrant(person_id=person_id, role=role) for role in sorted(chosen - had))
    session.flush()
    data = {"roles": sorted(people.roles(session, person_id))}
    about = About(person_id)
    events.append_noted(session, about, "roles_changed", reason, by=by, at=at, channel="console", data=data)
    return True
