"""`make bench-growth`: what each page costs where a hundred times as many tickets lie behind it, on PostgreSQL.

Two hospitals of the same rate, one with a longer history (`growth_hospital`), opened by an authorised client in turn;
a page's ratio is the median of its turns', of processor time, the database's and ours. At most 1.5 may it be; a page
that needs less than FLOOR more is not named slower, for a millisecond beside another is no growth but noise. Where two
filters meet over the whole history, so little may fit that the short history is read to its end and the long one for
as long as it takes to find a page: shown, not judged.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flask.testing import FlaskClient
from psycopg import Connection, connect
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from app import create_app
from app.db import Database
from app.http.context import EXTENSION
from app.jobs import rollups
from app.runtime import Runtime
from app.services.dashboards.board import Shared
from benchmarks import growth_hospital, growth_pages
from benchmarks.growth_pages import Page
from config.settings import Settings, read_settings
from tests.support.postgres import Postgres, running_postgres

SMALL, LARGE = 20_000, 2_000_000
MOST = 1.5
FLOOR = 0.003  # seconds of processor time
ROUNDS = 9
_CONNECTIONS = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
_LINE = "{:>7}{:>9}{:>9}{:>9}{:>9}{:>10}   {}"


@dataclass
class Hospital:
    """One database with its app, its visitors, and what its pages took."""

    name: str
    watcher: Connection
    app_runtime: Runtime
    visitors: dict[str, FlaskClient]
    pages: Sequence[Page]
    took: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def open(self, page: Page) -> int:
        """Open it once; the status."""
        object.__setattr__(self.app_runtime, "board", Shared())  # what was found for the last one who looked
        before = self._clocks()
        began, ours = time.perf_counter(), time.process_time()
        answer = self.visitors[page.visitor].get(page.address, base_url=growth_pages.SITE)
        answer.get_data()
        wall, used = time.perf_counter() - began, time.process_time() - ours
        theirs = sum(clock - before.get(pid, 0.0) for pid, clock in self._clocks().items())
        self.took.setdefault(page.name, []).append((used + theirs, wall))
        return answer.status_code

    def median(self, page: str) -> tuple[float, float]:
        """Seconds of processor and of wall time; the first look fills caches."""
        used, wall = zip(*self.took[page][1:], strict=True)
        return statistics.median(used), statistics.median(wall)

    def _clocks(self) -> dict[int, float]:
        """The processor time of each of its connections, by the clock a process has (clock_getcpuclockid(3))."""
        clocks: dict[int, float] = {}
        for (pid,) in self.watcher.execute(_CONNECTIONS, [self.name]).fetchall():
            with suppress(OSError):  # it has ended meanwhile
                clocks[pid] = time.clock_gettime((~pid << 3) | 2)
        return clocks


@dataclass(frozen=True)
class Growth:
    page: str
    small: float
    large: float
    walls: tuple[float, float]
    ratio: float
    judged: bool = True

    @property
    def too_much(self) -> bool:
        return self.judged and self.ratio > MOST and self.large - self.small > FLOOR

    def __str__(self) -> str:
        times = (f"{seconds * 1000:.1f}" for seconds in (self.small, self.large, *self.walls))
        return _LINE.format(f"{self.ratio:.2f}", *times, self._verdict, self.page)

    @property
    def _verdict(self) -> str:
        if not self.judged:
            return "two"
        return "TOO MUCH" if self.too_much else ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--tickets", type=int, default=int(os.environ.get("GROWTH_TICKETS") or LARGE))
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    options = parser.parse_args(arguments)
    with running_postgres() as server, tempfile.TemporaryDirectory(prefix="msp-growth-") as folder:
        hospitals = [
            opened(filled(server, name, tickets), Path(folder))
            for name, tickets in (("small", options.small), ("large", options.tickets))
        ]
        measured = compare(*hospitals, rounds=options.rounds, only=options.only)
        report(measured)
    return 1 if any(growth.too_much for growth in measured) else 0


def filled(server: Postgres, name: str, tickets: int, *, a_day: int = growth_hospital.A_DAY) -> str:
    """A new database with so many tickets; its address."""
    began = time.monotonic()
    url = server.url(name)
    with connect(conninfo_of(url), autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        # One process does a statement's whole work, so that its clock tells all of it.
        alone = SQL("ALTER DATABASE {} SET max_parallel_workers_per_gather = 0")
        connection.execute(alone.format(Identifier(name)))
    growth_hospital.fill(Database(url), url, tickets, a_day=a_day)
    with connect(conninfo_of(url)) as connection:
        row = connection.execute("SELECT pg_database_size(%s)", [name]).fetchone()
    size = (row or (0,))[0] // 2**20
    print(f"{tickets} tickets, {size} MB, written in {time.monotonic() - began:.0f} s", flush=True)
    return url


def settings(url: str, folder: Path) -> Settings:
    return read_settings(
        {
            "APP_ENV": "test",
            "DATABASE_URL": url,
            "SECRET_KEYS": "a-key-of-the-benchmark-" + "0" * 20,
            "PUBLIC_URL": growth_pages.SITE,
            "DATA_DIR": str(folder),
        }
    )


def opened(url: str, folder: Path) -> Hospital:
    app = create_app(settings(url, folder))
    runtime: Runtime = app.extensions[EXTENSION]
    began = time.monotonic()
    while rollups.roll(runtime, at=runtime.now()):  # as the worker has done day by day
        pass
    with runtime.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE rating_day")
    print(f"its days counted in {time.monotonic() - began:.0f} s", flush=True)
    parts = growth_pages.parts(runtime)
    visitors = {name: growth_pages.visitor(app, **who) for name, who in growth_pages.visitors(runtime).items()}
    name = make_url(url).database or ""
    watcher = connect(conninfo_of(url), autocommit=True)
    return Hospital(name, watcher, runtime, visitors, growth_pages.pages(app, parts))


def conninfo_of(url: str) -> str:
    """Of the server's own database, so that nobody who watches is among those who are watched."""
    return make_url(url).set(database="postgres").render_as_string(hide_password=False)


def compare(small: Hospital, large: Hospital, *, rounds: int, only: str = "") -> list[Growth]:
    """Every page that answers in both, in turn, the worst last."""
    names = {page.name for page in large.pages}
    both = [page for page in small.pages if page.name in names and only in page.name]
    others = {page.name: page for page in large.pages}
    for page in both[:3]:
        small.open(page), large.open(others[page.name])
    for one in (small, large):
        one.took.clear()
    answered = [page for page in both if small.open(page) == 200 == large.open(others[page.name])]
    left_out = [page.name for page in both if page not in answered]
    print(f"{len(answered)} pages; nothing to see here at: {', '.join(left_out)}", flush=True)
    for _round in range(rounds):
        for page in answered:
            small.open(page)
            large.open(others[page.name])
    return sorted((_growth(page, small, large) for page in answered), key=lambda growth: growth.ratio)


def _growth(page: Page, small: Hospital, large: Hospital) -> Growth:
    name = page.name
    (few, few_wall), (many, many_wall) = small.median(name), large.median(name)
    turns = zip(small.took[name][1:], large.took[name][1:], strict=True)
    ratio = statistics.median(ours[0] / theirs[0] for theirs, ours in turns)
    return Growth(name, few, many, (few_wall, many_wall), ratio, judged=page.choices < 2)


def report(measured: Sequence[Growth]) -> None:
    print("ratio and milliseconds of processor time, then by the wall's clock, not judged: medians, small, large")
    print(f"at most {MOST}; a difference up to {FLOOR * 1000:.0f} ms is not judged")
    print(_LINE.format("ratio", "small", "large", "wall", "wall", "", "page"))
    for growth in measured:
        print(growth)
    grown = [growth for growth in measured if growth.too_much]
    judged = [growth for growth in measured if growth.judged]
    worst = max(grown or judged or measured, key=lambda growth: growth.ratio)
    print(f"the worst of {len(judged)} judged: {worst.ratio:.2f} {worst.page}; above {MOST}: {len(grown)}")


if __name__ == "__main__":
    sys.exit(main())
