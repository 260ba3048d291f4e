"""The feed numbers events in commit order without gaps, and no reader misses who commits late."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random  # noqa: TID251 the same crowd at every run
from threading import Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.models import Event, FeedEntry, FeedMark
from app.services import events, feed
from app.services.events import About


def write(session: Session, about: int) -> int:
    return events.append(session, About(about), "key_read", by=None, at=clock.now(), channel="test").id


def numbered(database: Database, *, most: int = feed.BATCH) -> int:
    with database.transaction() as session:
        return feed.number(session, most=most)


def follow(database: Database, after: int = 0) -> list[tuple[int, int]]:
    with database.reading() as session:
        return [(row.seq, row.Event.subject_id) for row in feed.read(session, after=after)]


def settled(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(FeedMark.settled_id)) or 0


@contextmanager
def opened(database: Database) -> Iterator[Session]:
    """A transaction that the test commits when it likes."""
    session = Session(database.engine.execution_options(writes=True))
    try:
        yield session
    finally:
        session.close()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    made = Database(postgresql_url, pool_size=12)
    yield made
    made.engine.dispose()


def test_events_get_numbers_from_one_without_gaps_also_where_ids_have_some(database: Database) -> None:
    for about in (1, 2):
        with database.transaction() as session:
            write(session, about)
    with opened(database) as session:
        write(session, 99)
        session.rollback()
    with database.transaction() as session:
        write(session, 3)
    assert numbered(database) == 3
    assert numbered(database) == 0
    assert follow(database) == [(1, 1), (2, 2), (3, 3)]
    assert follow(database, after=2) == [(3, 3)]


def test_a_batch_at_a_time_is_the_same_order(database: Database) -> None:
    with database.transaction() as session:
        for about in range(1, 8):
            write(session, about)
    assert [numbered(database, most=3) for _ in range(4)] == [3, 3, 1, 0]
    assert follow(database) == [(n, n) for n in range(1, 8)]


def test_who_commits_late_is_missed_by_no_reader(postgresql: Database) -> None:
    with opened(postgresql) as late, opened(postgresql) as later:
        first = write(late, 1)
        second = write(later, 2)
        with postgresql.transaction() as session:
            third = write(session, 3)
        assert first < second < third
        numbered(postgresql)
        assert follow(postgresql) == [(1, 3)]  # a reader that asked for "newer than the id" would be past the others
        for _ in range(3):
            numbered(postgresql)
        assert settled(postgresql) < first
        later.commit()
        numbered(postgresql)
        assert follow(postgresql, after=1) == [(2, 2)]
        late.commit()
        numbered(postgresql)
        assert follow(postgresql, after=2) == [(3, 1)]


def test_what_was_rolled_back_holds_up_nothing(postgresql: Database) -> None:
    with opened(postgresql) as session:
        write(session, 1)
        session.rollback()
    with postgresql.transaction() as session:
        newest = write(session, 2)
    for _ in range(3):
        numbered(postgresql)
    assert settled(postgresql) == newest
    assert follow(postgresql) == [(1, 2)]


def test_a_transaction_has_its_own_number_before_its_first_event_has_one(postgresql: Database) -> None:
    """The fence knows transactions by their numbers: whoever holds an id below it must have had one already."""
    with opened(postgresql) as session:
        default = "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'event'::regclass"
        assert "pg_current_xact_id() IS NOT NULL" in str(session.connection().exec_driver_sql(default).scalar())


def test_two_that_number_at_once_do_not_wait_for_each_other(postgresql: Database) -> None:
    with postgresql.transaction() as session:
        write(session, 1)
    with opened(postgresql) as one:
        assert feed.number(one) == 1
        assert numbered(postgresql) == 0
        one.commit()
    assert follow(postgresql) == [(1, 1)]


def test_in_a_crowd_every_event_is_read_once_by_a_reader_that_never_looks_back(postgresql: Database) -> None:
    """Eight writers with transactions of every length, some of which fail; two number; one follows all the while."""
    made: list[int] = []

    def writer(seed: int) -> None:
        dice = Random(seed)
        for n in range(30):
            with opened(postgresql) as session:
                about = seed * 1000 + n
                for _ in range(dice.randint(1, 3)):
                    write(session, about)
                    session.connection().exec_driver_sql(f"SELECT pg_sleep({dice.random() / 200})")
                if dice.random() < 0.2:
                    session.rollback()
                else:
                    session.commit()
                    made.append(about)

    writers = [Thread(target=writer, args=(seed,)) for seed in range(8)]
    for thread in writers:
        thread.start()
    seen: list[tuple[int, int]] = []
    while any(thread.is_alive() for thread in writers):
        numbered(postgresql)
        seen += follow(postgresql, after=len(seen))
    for _ in range(3):
        numbered(postgresql)
        seen += follow(postgresql, after=len(seen))
    assert [seq for seq, _about in seen] == list(range(1, len(seen) + 1))
    assert {about for _seq, about in seen} == set(made)
    with postgresql.reading() as session:
        assert len(seen) == session.scalar(select(func.count()).select_from(Event))
        assert session.scalar(select(func.max(FeedEntry.seq))) == len(seen)
        assert session.scalar(select(FeedMark.settled_id)) == session.scalar(select(func.max(Event.id)))
