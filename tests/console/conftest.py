from collections.abc import Callable

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import Completion, Credential, Person, Rating, Ticket
from app.services.identity.passwords import hash_password
from app.services.ratings import rating
from app.services.ratings.rating import Detail
from app.services.tickets.scan import ScanView, load
from tests.support.world import World

PASSWORD = "correct horse battery"

Rate = Callable[..., int]


@pytest.fixture(scope="session")
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def password(database: Database, world: World, hashed: str) -> str:
    """The password of everybody at the console."""
    people: list[Person] = [world.desk, world.supervisor, world.admin, world.nurse]
    with database.transaction() as session:
        session.add_all(Credential(person_id=person.id, password_hash=hashed) for person in people)
    return PASSWORD


@pytest.fixture
def rate(database: Database, world: World) -> Rate:
    """The nurse rates a finished ticket, as the rating page does; returns the rating's id."""

    def give(ticket: Ticket, level: int, detail: Detail | None = None, *, corrected: int | None = None) -> int:
        at = clock.now()
        identity = world.nurse_identity.id

        def scan() -> ScanView:
            return load(session, ticket.id, identity_id=identity, at=at)

        with database.transaction() as session:
            given = rating.rate(
                session, scan(), level=level, identity_id=identity, trust_all=False, source="scan", at=at
            )
            if corrected is not None:
                rating.correct(session, scan(), level=corrected, source="scan", at=at)
            if detail is not None:
                rating.add_detail(session, scan(), detail, at=at)
        return given

    return give


@pytest.fixture
def unverified(database: Database, world: World) -> Callable[[Ticket, int], None]:
    """Somebody nobody knows rates: kept, never counted."""

    def give(ticket: Ticket, level: int) -> None:
        with database.transaction() as session:
            completion = session.scalars(select(Completion.id).where(Completion.ticket_id == ticket.id)).one()
            session.add(
                Rating(
                    completion_id=completion,
                    level=level,
                    identity_id=world.stranger_identity.id,
                    counts=False,
                    source="scan",
                    at=clock.now(),
                )
            )

    return give
