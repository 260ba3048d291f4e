"""The ground of all rows: moments are aware and UTC, SQLite is opened as a server needs it, writers wait their turn."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from app.db import Database, announce
from app.models import Counter, Department, WeChatToken

NOON = datetime(2026, 10, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))


def test_a_moment_comes_back_aware_and_in_utc(database: Database) -> None:
    with database.transaction() as session:
        session.add(WeChatToken(key="k", expires_at=NOON))
    with database.reading() as session:
        found = session.scalars(select(WeChatToken.expires_at)).one()
    assert found == NOON
    assert found is not None
    assert found.tzinfo is UTC


def test_moments_of_different_zones_compare_as_moments_in_the_database(database: Database) -> None:
    with database.transaction() as session:
        session.add(WeChatToken(key="k", expires_at=NOON))
    earlier = NOON.astimezone(timezone(timedelta(hours=-11))) - timedelta(microseconds=1)
    with database.reading() as session:
        assert session.scalars(select(WeChatToken.key).where(WeChatToken.expires_at > earlier)).all() == ["k"]
        assert session.scalars(select(WeChatToken.key).where(WeChatToken.expires_at > NOON)).all() == []


def test_a_naive_time_is_refused(database: Database) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="an aware one was expected"), database.transaction() as session:
        session.add(WeChatToken(key="k", expires_at=naive))
    with pytest.raises(StatementError, match="an aware one was expected"), database.reading() as session:
        session.execute(select(WeChatToken).where(WeChatToken.expires_at > naive)).all()


def test_who_looks_in_and_leaves_takes_no_log_away_from_who_stays(sqlite_url: str) -> None:
    """A command beside the running server: its end is not the last one's while the server has the file open."""
    database, path = Database(sqlite_url), Path(sqlite_url.removeprefix("sqlite:///"))
    with database.reading() as one, database.reading() as other:  # two connections
        one.execute(text("SELECT 1"))
        other.execute(text("SELECT 1"))
    with database.transaction() as session:
        session.add(WeChatToken(key="written before", expires_at=NOON))
    look = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM ticket').fetchall()"
    subprocess.run([sys.executable, "-S", "-c", look, path], check=True)
    assert path.with_name(path.name + "-wal").exists()
    with database.transaction() as session:
        session.add(WeChatToken(key="written after", expires_at=NOON))
    with sqlite3.connect(path) as anew:
        assert anew.execute("SELECT count(*) FROM wechat_token WHERE key = 'written after'").fetchone() == (1,)


def test_sqlite_is_opened_as_a_server_needs_it(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.reading() as session:
        kept = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.engine.dispose()
    assert kept == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 5000}


def test_a_row_that_points_nowhere_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Department(code="X", name="X", campus_id=4711))


def test_writers_that_read_first_wait_for_each_other(database: Database) -> None:
    """With deferred transactions every second one of these would end in `database is locked`."""
    with database.transaction() as session:
        session.add(Counter(name="n", value=0))

    def add_one(_: int) -> None:
        with database.transaction() as session:
            row = session.scalars(select(Counter).where(Counter.name == "n").with_for_update()).one()
            row.value += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_one, range(40)))
    with database.reading() as session:
        assert session.scalars(select(Counter.value)).one() == 40


def test_a_reader_is_not_kept_waiting_by_a_writer(database: Database) -> None:
    with database.transaction() as writer:
        writer.execute(insert(Counter).values(name="n", value=1))
        with database.reading() as reader:
            assert reader.scalars(select(Counter)).all() == []


def test_what_was_announced_is_told_after_the_commit_and_only_then(database: Database) -> None:
    told: list[set[str]] = []

    def look(announced: set[str]) -> None:
        with database.reading() as session:
            assert session.scalars(select(Counter.name)).all() == ["n"]
        told.append(announced)

    database.after_commit.append(look)
    with suppress(ZeroDivisionError), database.transaction() as session:
        session.add(Counter(name="never", value=1))
        announce(session, "notices")
        raise ZeroDivisionError
    assert told == []
    with database.transaction() as session:
        session.add(Counter(name="n", value=1))
        announce(session, "notices")
        assert told == []
    assert told == [{"notices"}]


@pytest.mark.parametrize("bare_url", ["sqlite"], indirect=True)
def test_a_worker_waits_longer_for_its_turn_to_write(bare_url: str) -> None:
    database = Database(bare_url)
    with database.reading() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == 5_000
    database.wait_longer()
    with database.reading() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == 60_000
    database.engine.dispose()
