"""Rows of the demo's database that addresses name."""

from sqlalchemy import select

from app import clock
from app.demo import roles
from app.demo.places import WARD
from app.models import Department, Person, RegisterRecord
from app.services.codes import slip_pads
from tests.support.demo import Demo


def ward(demo: Demo) -> int:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Department.id).where(Department.code == WARD)).one()


def pad(demo: Demo) -> int:
    """The first number of a new pad of blank slips."""
    with demo.runtime.database.transaction() as session:
        return slip_pads.reserve(session, 20, by=None, at=clock.now()).first


def record(demo: Demo) -> int:
    """A record of a register that the nurse answers for, and may end."""
    with demo.runtime.database.transaction() as session:
        found = session.scalars(select(RegisterRecord).where(RegisterRecord.code == "RE-0001")).one()
        found.person_id = session.scalars(
            select(Person.id).where(Person.staff_number == roles.NURSE.staff_number)
        ).one()
        return found.id


def person(demo: Demo, part: roles.Part) -> int:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Person.id).where(Person.staff_number == part.staff_number)).one()
