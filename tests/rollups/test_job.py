"""The worker's job: a round catches up with everything, once a day it proves and looks at SQLite's tables."""

from datetime import timedelta
from threading import Event

from sqlalchemy import text

from app.jobs.rollups import Rolling
from app.runtime import Runtime
from tests.rollups.test_daily import DAY, FIRST, NOW, last_day, written
from tests.support.world import World


def test_a_round_counts_every_day_there_is(world: World, runtime: Runtime) -> None:
    written(world, [FIRST, NOW], identity=world.nurse_identity)
    Rolling().round(runtime, at=NOW, stopping=Event())
    assert last_day(world.database) == (NOW - 9 * DAY).date()


def test_it_stops_when_it_is_asked_to(world: World, runtime: Runtime) -> None:
    written(world, [FIRST], identity=world.nurse_identity)
    stopping = Event()
    stopping.set()
    Rolling().round(runtime, at=NOW, stopping=stopping)
    assert last_day(world.database) is None


def test_sqlite_knows_its_tables_after_it(world: World, runtime: Runtime) -> None:
    written(world, [FIRST + timedelta(minutes=n) for n in range(20)], identity=world.nurse_identity)
    Rolling().round(runtime, at=NOW, stopping=Event())
    if runtime.database.engine.dialect.name == "sqlite":
        with runtime.database.reading() as session:
            known = session.scalars(text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'rating' AND idx = 'ix_rating_at'"))
            assert [stat.split()[0] for stat in known] == ["20"]
