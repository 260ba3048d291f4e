"""Rows of the demo's database that addresses name."""

from sqlalchemy import select

from app import clock
from app.demo import roles
from app.demo.places import WARD
from app.models import Department, Person
from app.services.codes import slip_pads
from tests.support.demo import Demo


def ward(demo: Demo) -> int:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Department.id).where(Department.code == WARD)).one()


def pad(demo: Demo) -> int:
    """The first number of a new pad of blank slips."""
    with demo.runtime.database.transaction() as session:
        return slip_pads.reserve(session, 20, by=None, at=clock.now()).first


def person(demo: Demo, part: roles.Part) -> int:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Person.id).where(Person.staff_number == part.staff_number)).one()
