"""The console account of a person: its password, and how an admin switches it off."""

import secrets
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Credential, Person, RoleGrant
from app.services import events
from app.services.events import About
from app.services.identity import passwords
from app.services.identity.console_sign_in import CONSOLE_ROLES
from app.services.organisation import employment as people


def may_have_one(session: Session, person_id: int, at: datetime) -> bool:
    return bool(people.roles_at(session, person_id, at.date()) & CONSOLE_ROLES)


def has_password(session: Session, person_id: int) -> bool:
    return session.get(Credential, person_id) is not None


def give_password(session: Session, person_id: int, *, by: int, at: datetime) -> str:
    """A new one, which is shown once; every visit of theirs at the console is over."""
    person = _held(session, person_id)
    if not may_have_one(session, person_id, at):
        raise Refused("person_without_office")
    made = secrets.token_urlsafe(12)
    session.merge(Credential(person_id=person_id, password_hash=passwords.hash_password(made)))
    person.sign_outs += 1
    events.append(session, About(person_id), "password_changed", by=by, at=at, channel="console")
    return made


def change_own(session: Session, person_id: int, hashed: str, *, at: datetime) -> None:
    """In place of the one that was right. Every other visit of theirs is over."""
    _held(session, person_id).sign_outs += 1
    session.get_one(Credential, person_id).password_hash = hashed
    events.append(session, About(person_id), "password_changed", by=person_id, at=at, channel="console")


def switch_off(session: Session, person_id: int, *, reason: str, by: int, at: datetime) -> None:
    """The roles of the console and the password are gone, and every visit is over; what was done by it stays."""
    person = _held(session, person_id)
    if person_id == by:
        raise Refused("own_account")
    had = people.roles(session, person_id) & CONSOLE_ROLES
    if not had and not has_password(session, person_id):
        raise Refused("person_without_office")
    gone = (RoleGrant.person_id == person_id, RoleGrant.role.in_(had))
    session.execute(delete(RoleGrant).where(*gone))
    session.execute(delete(Credential).where(Credential.person_id == person_id))
    person.sign_outs += 1
    data = {"roles": sorted(had)}
    about = About(person_id)
    events.append_noted(session, about, "account_switched_off", reason, by=by, at=at, channel="console", data=data)


def _held(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id, with_for_update=True)
    if person is None or person.erased_at is not None:
        raise Missing("no_such_person")
    return person
