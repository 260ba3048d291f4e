"""`make bench`: the rating's page and its tap over real HTTP, beside what Flask can do at all, on both databases.

Read the ratios, not the rates: every contestant takes its turn in every round, on the same machine, server settings
and database, and a ratio is taken within its round. The bars are kept by processor time, user and system of the
server's processes and of all the database's: time by the wall also tells what else the machine did meanwhile. What is
written is kept as in a hospital: PostgreSQL waits for the disk, SQLite is opened as the service opens it.
"""

import argparse
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from app import create_app
from app.db import Database
from app.models import CountedRating
from benchmarks import processor, seed
from benchmarks.load import NoAnswer, fetch, fire
from benchmarks.seed import Slip
from benchmarks.servers import Server, ServerFailed, granian, gunicorn, serving
from config.settings import read_settings
from tests.support.postgres import DURABLE, running_postgres

DATABASES = ("sqlite", "postgresql")
QUESTION = "这次服务您满意吗"  # stands on the page we mean to measure
PLACES = "{:<34}{:<24}{:<24}"

# What is divided by what, and the bar that is to be kept by processor time.
RATIOS = (
    ("GET ours", "GET bare view", "bar 1.0"),
    ("GET ours", "GET ordinary stack", ""),
    ("POST ours", "POST bare insert", "bar 1.0"),
    ("POST ours", "POST ordinary stack", "bar 2.0"),
)
WAYS = ("wall", "processor")
HEADS = (" median of time", " of processor time")


class Unequal(Exception):
    """A contestant did not answer what it was asked."""


@dataclass(frozen=True)
class Size:
    rounds: int
    requests: int

    @property
    def tickets(self) -> int:
        return seed.LOOKED_AT + self.taps

    @property
    def taps(self) -> int:
        """Each needs a ticket of its own: the probe, a volley that warms up, the rounds."""
        return 1 + self.requests * (1 + self.rounds)


FULL, QUICK = Size(rounds=9, requests=800), Size(rounds=2, requests=40)
VOLLEY_SECONDS = 1.5  # at most, however slow the machine: the whole ends within four minutes


@dataclass(frozen=True)
class Contestant:
    name: str
    server: Server
    status: int
    request: Callable[[Slip], bytes]

    @property
    def taps(self) -> bool:
        return self.status == 303


@dataclass(frozen=True)
class Measured:
    """Requests a second: of time by the wall, and of one processor's."""

    wall: float
    processor: float


Rates = dict[str, list[Measured]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rating", description="Rating GET and POST, as ratios.")
    parser.add_argument("--quick", action="store_true", help="a few requests: shows that it runs, measures nothing")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # then the servers are ended too
    size = QUICK if options.quick else FULL
    try:
        for kind in options.database or DATABASES:
            _measure(kind, size)
    except (Unequal, NoAnswer, ServerFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _measure(kind: str, size: Size) -> None:
    with tempfile.TemporaryDirectory(prefix="msp-bench-") as name, _database(kind, Path(name)) as (url, *pids):
        folder = Path(name)
        environ = _environ(url, folder)
        database = Database(url)
        identities = seed.fill(database, url, size.tickets)
        slips = seed.slips(create_app(read_settings(environ)), identities, size.tickets)
        with _contestants(kind, environ, folder) as contestants:
            lengths = {one.name: _probe(one, slips) for one in contestants}
            rates, taps = _race(contestants, lengths, slips, size, pids)
        _all_counted(database, taps + 1)
    _print(kind, size, rates)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[str, *tuple[int, ...]]]:
    """Its address, and the process above all of its own where it has any."""
    if kind == "sqlite":
        yield (f"sqlite:///{folder / 'bench.sqlite'}",)
        return
    with running_postgres(DURABLE) as server:
        server.execute("CREATE DATABASE bench")
        yield server.url("bench"), server.pid


def _environ(url: str, folder: Path) -> dict[str, str]:
    return {
        "APP_ENV": "test",  # production refuses the people of the demo; in what is measured they are the same
        "DATABASE_URL": url,
        "SECRET_KEYS": "a-key-of-the-benchmark-" + "0" * 20,
        "PUBLIC_URL": "https://bench.example",
        "DATA_DIR": str(folder),
    }


@contextmanager
def _contestants(kind: str, environ: dict[str, str], folder: Path) -> Iterator[list[Contestant]]:
    sqlite, bare = kind == "sqlite", "benchmarks.bare:create_app"
    with ExitStack() as stack:

        def served(name: str, command: list[str]) -> Server:
            return stack.enter_context(serving(command, environ, folder / f"{name}.log"))

        ours = served("ours", granian("wsgi:app", sqlite=sqlite))
        plain = served("bare", granian("--factory", bare, sqlite=sqlite))
        ordinary = served("ordinary", gunicorn(f"{bare}()", sqlite=sqlite))
        yield [
            Contestant("GET ours", ours, 200, seed.our_get),
            Contestant("GET bare view", plain, 200, seed.bare_get),
            Contestant("GET ordinary stack", ordinary, 200, seed.bare_get),
            Contestant("POST ours", ours, 303, seed.our_post),
            Contestant("POST bare insert", plain, 303, seed.bare_post),
            Contestant("POST ordinary stack", ordinary, 303, seed.bare_post),
        ]


def _probe(one: Contestant, slips: list[Slip]) -> int:
    """The length every answer of this contestant must have; a page must be the rating form."""
    status, body = fetch(one.server.port, one.request(slips[-1] if one.taps else slips[0]))
    if status != one.status or (not one.taps and QUESTION not in body):
        raise Unequal(f"{one.name} answered {status}:\n{body}")
    return len(body.encode())


def _race(
    contestants: list[Contestant], lengths: dict[str, int], slips: list[Slip], size: Size, pids: list[int]
) -> tuple[Rates, int]:
    """Requests a second by contestant and round, and our taps; the first round warms up, the order turns."""
    looked_at = (slips[: seed.LOOKED_AT] * size.requests)[: size.requests]
    rates: Rates = {one.name: [] for one in contestants}
    taps = 0
    for number in range(size.rounds + 1):
        first = seed.LOOKED_AT + number * size.requests
        rated = slips[first : first + size.requests]
        turn = number % len(contestants)
        for one in contestants[turn:] + contestants[:turn]:
            requests = [one.request(slip) for slip in (rated if one.taps else looked_at)]
            used = processor.seconds(one.server.pid, *pids)
            volley = fire(one.server.port, requests, seconds=VOLLEY_SECONDS)
            used = max(processor.TICK, processor.seconds(one.server.pid, *pids) - used)
            expected = (one.status, lengths[one.name])
            if set(volley.answers) != {expected}:
                raise Unequal(f"{one.name}: {dict(volley.answers)} instead of {expected} each")
            taps += volley.answers.total() if one.name == "POST ours" else 0
            if number:
                rates[one.name].append(Measured(volley.per_second, volley.answers.total() / used))
    return rates, taps


def _all_counted(database: Database, taps: int) -> None:
    """A tap on a rated ticket is answered like a rating: only the rows tell. One was the probe's."""
    with database.reading() as session:
        counted = session.scalar(select(func.count()).select_from(CountedRating))
    database.engine.dispose()
    if counted != seed.PAST + taps:
        raise Unequal(f"{counted} ratings count after {seed.PAST} and {taps} taps")


def _print(kind: str, size: Size, rates: Rates) -> None:
    print(f"\n{kind}: {size.rounds} rounds of at most {size.requests} requests each, in turn")
    print(PLACES.format("requests a second", *HEADS))
    for name, measured in rates.items():
        print(PLACES.format(name, *(_cell([getattr(one, way) for one in measured], "{:.0f}") for way in WAYS)))
    print(PLACES.format("ratio within a round", *HEADS))
    for above, below, bar in RATIOS:
        pairs = list(zip(rates[above], rates[below], strict=True))
        cells = [_cell([getattr(ours, way) / getattr(theirs, way) for ours, theirs in pairs], "{:.2f}") for way in WAYS]
        print(PLACES.format(f"{above} / {below.split(' ', 1)[1]}", *cells), bar)
    sys.stdout.flush()


def _cell(figures: list[float], form: str) -> str:
    """The median, and the least and the most."""
    shown = [form.format(one) for one in (statistics.median(figures), min(figures), max(figures))]
    return f"{shown[0]:>7} {shown[1]}..{shown[2]}"


if __name__ == "__main__":
    sys.exit(main())
