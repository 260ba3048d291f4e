"""A rating carries whose work it is, whoever writes it, so that lists by engineer and ward find it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app import clock
from app.db import Database
from app.models import Completion, Rating, Ticket
from app.services.ratings import tap
from app.services.ratings.tap import Tap
from tests.support.world import ZONE, World


def test_who_does_not_say_it_has_it_copied(world: World) -> None:
    rating = world.rated(world.ticket("finished"))
    assert attribution(world.database, rating) == (world.engineer.id, world.ward.id)


def test_the_tap_says_it(world: World) -> None:
    ticket, at = world.ticket("finished", lead=world.second_engineer), clock.now().astimezone(ZONE)
    given = Tap(ticket.id, 1, world.nurse_identity.id, 5, "scan")
    rating = tap.record(world.database, given, at=at, window=timedelta(days=14))
    assert rating is not None
    assert attribution(world.database, rating) == (world.second_engineer.id, world.ward.id)


def test_nobody_can_say_it_again_or_otherwise(world: World) -> None:
    """Not even of work that no engineer and no ward stands behind."""
    nobodys = world.ticket("finished")
    world.brought(nobodys)
    with world.database.transaction() as session:
        session.execute(text("UPDATE completion SET lead_id = NULL, department_id = NULL"))
    copied, empty = world.rated(world.ticket("finished")), world.rated(nobodys)
    assert attribution(world.database, empty) == (None, None)
    other = f"lead_id = {world.second_engineer.id}"
    for rating, change in ((copied, other), (copied, "lead_id = NULL"), (copied, "level = 1"), (empty, other)):
        with pytest.raises(DBAPIError, match="append-only"), world.database.transaction() as session:
            session.execute(text(f"UPDATE rating SET {change} WHERE id = {rating}"))


def attribution(database: Database, rating: int) -> tuple[int | None, int | None]:
    with database.reading() as session:
        found = session.execute(select(Rating.lead_id, Rating.department_id).where(Rating.id == rating)).one()
        of_the_work = select(Completion.lead_id, Completion.department_id).join(Ticket).join(Rating)
        assert found == session.execute(of_the_work.where(Rating.id == rating)).one()
        return found[0], found[1]
