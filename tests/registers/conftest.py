from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import update

from app import clock
from app.models import Person, Post, RegisterRecord
from app.services.registers import records
from app.services.registers.access import Reader
from app.services.registers.records import Act
from tests.support.world import ZONE, World

Write = Callable[..., int]
AT = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What differs between the databases has its own tests."""
    return sqlite_url


@pytest.fixture
def manager(world: World) -> Person:
    """The desk's agent is in a key post: one of the provider's managers."""
    with world.database.transaction() as session:
        session.execute(update(Post).where(Post.id == world.post.id).values(key_post=True))
    return world.desk


@pytest.fixture
def write(world: World) -> Write:
    """A record of the supervisor's, or of somebody else of the hospital; returns its id."""

    def create(kind: str, *, by: Person | None = None, at: datetime | None = None, **said: str) -> int:
        act = Act(Reader((by or world.supervisor).id, hospital=True, acts=True), at or clock.now().astimezone(ZONE))
        with world.database.transaction() as session:
            return records.create(session, kind, {"contract": world.contract.number, **said}, act).id

    return create


def stands(world: World, record_id: int) -> RegisterRecord:
    with world.database.reading() as session:
        return session.get_one(RegisterRecord, record_id)
