"""PostgreSQL as hospitals run it: started again at night, behind a pooler, and nobody sees an error for it."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import LiteralString

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.db import Database
from app.driver import Line, Prepared
from app.models import Person
from app.runtime import Runtime
from app.services import feed
from app.services.ratings import tap
from app.services.ratings.tap import Tap
from app.services.tickets.scan import WINDOW
from tests.conftest import Phone, migrate
from tests.support.pgbouncer import NO_POOLER, pgbouncer, running_pgbouncer
from tests.support.postgres import EMPTYING, Postgres, running_postgres
from tests.support.scan_forms import Slip
from tests.support.world import World

DROP: LiteralString = f"""
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name <> '{EMPTYING}'
"""
CLIENTS = 8
ANYBODY = Prepared(lambda _dialect: select(Person.id))
PREPARED_AFTER = 5  # times, by psycopg


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)


def test_the_first_request_after_the_server_dropped_everybody_is_answered(
    postgres: Postgres, client: FlaskClient, slip: Slip, world: World, phone: Phone
) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    form = slip.form(nurse, ticket)
    drop(postgres)
    assert client.get("/readyz").status_code == 200
    drop(postgres)
    answer = nurse.post(slip.path(ticket) + "/rate", data={"level": "5", "visit": form})
    assert answer.status_code == 303
    assert slip.counted(ticket) == [(5, world.nurse.id)]


def test_every_way_to_the_database_finds_a_new_connection(postgres: Postgres, database: Database) -> None:
    drop(postgres)
    with database.transaction() as session:
        assert feed.number(session) == 0
    drop(postgres)
    with database.reading() as session:
        assert session.scalar(text("SELECT 1")) == 1
    drop(postgres)
    assert nobody(database)
    drop(postgres)
    assert nobody(database)


def test_a_tap_whose_line_dies_before_it_was_heard_is_written_once(
    postgres: Postgres, database: Database, runtime: Runtime, world: World
) -> None:
    ticket, written = world.ticket("finished"), []
    tapped = Tap(ticket.id, ticket.cycle, world.nurse_identity.id, 3, "scan")

    def work(line: Line) -> None:
        written.append(tap.write(line, tapped, at=runtime.now(), window=WINDOW))
        if len(written) == 1:
            drop(postgres)
            line.first(ANYBODY, {})

    database.lines.run(work)
    assert written[0] is not None
    assert written[1:] == [None]
    assert Slip(runtime).counted(ticket) == [(3, world.nurse.id)]


def test_a_line_that_dies_again_is_told(postgres: Postgres, database: Database) -> None:
    def work(line: Line) -> None:
        line.first(ANYBODY, {})
        drop(postgres)
        line.first(ANYBODY, {})

    with pytest.raises(DBAPIError):
        database.lines.run(work)


def test_what_is_in_the_middle_of_something_is_still_told(postgres: Postgres, database: Database) -> None:
    def interrupted() -> None:
        with database.transaction() as session:
            session.execute(text("SELECT 1"))
            drop(postgres)
            session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError):
        interrupted()


@pytest.mark.slow("a server of its own, that crashes")
def test_a_server_that_crashed_and_came_back_is_asked_again() -> None:
    with running_postgres() as own:
        database = Database(own.url("postgres"))
        with database.reading() as session:
            crashing = session.scalars(text("SELECT pg_backend_pid()")).one()
        with psycopg.connect(own.url("postgres"), autocommit=True) as other:
            os.kill(crashing, signal.SIGKILL)
            until_thrown_out(other)  # before the server has noticed it lets in whom it throws out then
        wait_for(own.url("postgres"))  # it recovers
        with database.reading() as session:
            assert session.scalars(text("SELECT pg_backend_pid()")).one() != crashing
        database.engine.dispose()


@pytest.mark.slow("a pooler, and a database migrated through it")
def test_behind_a_pooler_that_lends_connections_a_transaction_at_a_time(pooled_url: str) -> None:
    move_to_another_server(pooled_url)
    database, together = Database(pooled_url, pool_size=CLIENTS), Barrier(CLIENTS)

    def work(_number: int) -> set[int]:
        together.wait()
        return {count(database) for _again in range(20)}

    with ThreadPoolExecutor(CLIENTS) as threads:
        assert set().union(*threads.map(work, range(CLIENTS))) == {0}
    database.engine.dispose()


@pytest.mark.slow("a pooler; the same without the word, so that the test above proves something")
def test_without_the_word_in_its_address_a_pooler_is_no_place_for_prepared_statements(pooled_url: str) -> None:
    with pytest.raises(DBAPIError, match=r"prepared statement .* does not exist"):
        move_to_another_server(pooled_url.replace("&pooler=transaction", ""))


def move_to_another_server(url: str) -> None:
    """Do something until it would be prepared, then again while somebody else has that connection of the pooler's."""
    here, elsewhere = Database(url, pool_size=1), Database(url)
    try:
        for _again in range(PREPARED_AFTER + 1):
            assert nobody(here)
        with elsewhere.reading() as session:
            session.execute(text("SELECT 1"))
            assert nobody(here)
    finally:
        here.engine.dispose()
        elsewhere.engine.dispose()


def nobody(database: Database) -> bool:
    return database.lines.first(ANYBODY, {}) is None


def count(database: Database) -> int:
    """Read and write by every way there is."""
    with database.transaction() as session:
        feed.number(session)
        session.scalars(select(Person).with_for_update(skip_locked=True)).all()
    assert nobody(database)
    with database.reading() as session:
        return len(session.scalars(select(Person).execution_options(yield_per=10)).all())


def until_thrown_out(connection: psycopg.Connection) -> None:
    deadline = time.monotonic() + 30
    with suppress(psycopg.OperationalError):
        while time.monotonic() < deadline:
            connection.execute("SELECT 1")
            time.sleep(0.02)
        raise TimeoutError("the server did not notice the crash")


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        time.sleep(0.02)
    raise TimeoutError("the server did not come back")


def drop(postgres: Postgres) -> None:
    """What a restart does to the clients; back when their server processes are gone."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(DROP)


@pytest.fixture
def pooled_url(postgres: Postgres) -> Iterator[str]:
    """A migrated database behind a pgbouncer with two connections for everybody."""
    program = pgbouncer()
    if program is None:
        pytest.skip(NO_POOLER)
    # Under /tmp whatever TMPDIR says: a socket's path must stay below 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="msp-pooler-", dir="/tmp"))
    postgres.execute("CREATE DATABASE pooled")
    try:
        with running_pgbouncer(program, postgres, folder, servers=2) as host:
            url = f"postgresql://postgres@/pooled?host={host}&port=6432&pooler=transaction"
            migrate(url)
            yield url
    finally:
        postgres.execute("DROP DATABASE pooled WITH (FORCE)")
        shutil.rmtree(folder)
