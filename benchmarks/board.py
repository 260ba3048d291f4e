"""`make bench-board`: open boards against changes: what a change costs the database, and when it is on every screen.

python -m benchmarks.board [--boards 200] [--rate 50] [--seconds 60] [--quick]

Each board asks `/console/changes` once a second and fetches itself when the version is another one, as static/live.js
does. Half of the changes report a ticket, half cancel one that has stood for a while; now and then one commits seconds
after it was given its number, while others pass it. On PostgreSQL, with the processes of production. Who writes is a
process of its own; the boards, which a hospital has on as many machines, are one more on this one: the processor time
of each is printed, for where all of it is used up what is measured is the machine.
"""

import argparse
import asyncio
import itertools
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path

from alembic import command
from alembic.config import Config
from flask import Flask
from sqlalchemy import text

from app import clock, create_app
from app.db import Database
from app.models import Ticket
from app.paths import ROOT
from app.services import events
from app.services.tickets.lifecycle import NewTicket
from benchmarks import processor
from benchmarks.rating import _database, _environ
from benchmarks.servers import Server, granian, serving
from config.settings import read_settings
from tests.support.world import World, build

STANDS = 6.0  # seconds a ticket is open: long enough for every board that keeps up
LATE = 3.0  # seconds a late committer takes
EVERY_LATE = 10.0
SETTLE = 10.0  # seconds after the last change
NUMBER = re.compile(rb"/console/tickets/(\d{8}-\d+)")


@dataclass
class Board:
    """What one screen has shown, and when it first did."""

    seen_at: dict[str, float] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    fetched: int = 0
    requests: int = 0


@dataclass
class Written:
    """When each ticket was committed, and when it was cancelled again."""

    committed: dict[str, float] = field(default_factory=dict)
    cancelled: dict[str, float] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    changes: int = 0
    processor: float = 0.0
    """Seconds it took to write them."""


@dataclass(frozen=True)
class Spent:
    """From the first change to the end: transactions of the service, and who used the processor for how long."""

    wall: float
    transactions: int
    service: float
    database: float
    boards: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.board", description=__doc__)
    parser.add_argument("--boards", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--quick", action="store_true", help="a few seconds: shows that it runs, measures nothing")
    options = parser.parse_args()
    if options.quick:
        options.boards, options.rate, options.seconds = 5, 4, 8
    with tempfile.TemporaryDirectory(prefix="msp-bench-") as name, _database("postgresql", Path(name)) as (url, *pids):
        environ = _environ(url, Path(name))
        config = Config(ROOT / "alembic.ini")
        config.attributes["database_url"] = url
        command.upgrade(config, "head")
        database = Database(url)
        world = build(database)
        app = create_app(read_settings(environ))
        with serving(granian("wsgi:app", sqlite=False), environ, Path(name) / "server.log") as server:
            made, boards, spent = asyncio.run(_watch(server, *pids, app=app, world=world, options=options))
    return _report(made, boards, spent, options)


async def _watch(
    server: Server, postgres: int, *, app: Flask, world: World, options: argparse.Namespace
) -> tuple[Written, list[Board], Spent]:
    boards, stop = [Board() for _ in range(options.boards)], asyncio.Event()
    cookie = _cookie(app, world)
    looking = [asyncio.create_task(_look(server.port, cookie, board, stop)) for board in boards]
    await asyncio.sleep(3)  # every board is up
    before, began = _used(world, server.pid, postgres), time.monotonic()
    receiver, tells = Pipe(duplex=False)
    writing = get_context("fork").Process(target=_writing, args=(world, options, tells))
    writing.start()
    while not receiver.poll():
        await asyncio.sleep(0.2)
    made: Written = receiver.recv()
    await asyncio.sleep(SETTLE)
    after, wall = _used(world, server.pid, postgres), time.monotonic() - began
    stop.set()
    await asyncio.gather(*looking)
    writing.join()
    transactions, *processor = (late - early for early, late in zip(before, after, strict=True))
    # Each change reads the ticket's names once more.
    return made, boards, Spent(wall, int(transactions) - 2 * made.changes, *processor)


def _used(world: World, server: int, postgres: int) -> tuple[float, float, float, float]:
    return (
        _transactions(world.database),
        processor.seconds(server),
        processor.seconds(postgres),
        time.process_time(),
    )


def _writing(world: World, options: argparse.Namespace, tells: Connection) -> None:
    """In a process of its own, so that the boards wait for nobody here."""
    world.database.engine.dispose(close=False)
    began, made = time.process_time(), Written()
    writers = [threading.Thread(target=write, args=(world, made, options)) for write in (_write, _write_late)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    made.processor = time.process_time() - began
    tells.send(made)


def _write(world: World, made: Written, options: argparse.Namespace) -> None:
    """Reports and cancels in turn, at the rate that was asked for."""
    open_ones: deque[tuple[float, Ticket]] = deque()
    begun = time.monotonic()
    for count in itertools.count():
        pause = begun + count / options.rate - time.monotonic()
        if time.monotonic() - begun > options.seconds:
            break
        if pause > 0:
            time.sleep(pause)
        if open_ones and time.monotonic() - open_ones[0][0] > STANDS:
            _, ticket = open_ones.popleft()
            world.move(ticket, "cancel")
            made.cancelled[ticket.number] = time.monotonic()
        else:
            ticket = _report_one(world)
            made.committed[ticket.number] = time.monotonic()
            open_ones.append((time.monotonic(), ticket))
        made.changes += 1


def _write_late(world: World, made: Written, options: argparse.Namespace) -> None:
    """Its event has its number long before the commit; meanwhile others pass it."""
    begun = time.monotonic()
    while time.monotonic() - begun < options.seconds - LATE:
        ticket = _report_one(world, waits=LATE)
        made.committed[ticket.number] = time.monotonic()
        made.late.add(ticket.number)
        made.changes += 1
        time.sleep(max(0, min(EVERY_LATE, options.seconds / 3) - LATE))


def _report_one(world: World, *, waits: float = 0) -> Ticket:
    new = NewTicket(
        source="monitoring", description="x", category_id=world.printers.id, department_id=world.ward.id, priority=2
    )
    number = f"{clock.now():%Y%m%d}-{next(_NUMBERS)}"
    with world.database.transaction() as session:
        # A number of its own: the usual counter's row would make everybody wait for the late one.
        ticket = Ticket(
            number=number, state="reported", cycle=1, reported_at=clock.now(), updated_at=clock.now(), **vars(new)
        )
        session.add(ticket)
        session.flush()
        events.append(session, ticket, "reported", by=None, at=clock.now(), channel="bench")
        ticket.due_at = clock.now() + timedelta(hours=2)
        session.flush()
        time.sleep(waits)
    return ticket


_NUMBERS = itertools.count(10_000)


async def _look(port: int, cookie: str, board: Board, stop: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=8_000_000)
    version = b""
    while not stop.is_set():
        begun = time.monotonic()
        found = await _get(reader, writer, "/console/changes", cookie)
        board.requests += 1
        if found != version:
            page = await _get(reader, writer, "/console/board?wall=1", cookie)
            now, version = time.monotonic(), found
            board.fetched += 1
            board.shown = _numbers(page)
            for number in board.shown:
                board.seen_at.setdefault(number, now)
        await asyncio.sleep(max(0, 1 - (time.monotonic() - begun)))
    writer.close()


@lru_cache(maxsize=4)
def _numbers(page: bytes) -> set[str]:
    """Of the tickets on it: read once for all the boards that were sent the same."""
    return {number.decode() for number in NUMBER.findall(page)}


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, cookie: str) -> bytes:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench.example\r\nCookie: {cookie}\r\nX-Region: 1\r\n\r\n".encode())
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if not head.startswith("http/1.1 200"):
        raise SystemExit(f"{path} answered {head.splitlines()[0]}")
    if "transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(re.findall(r"content-length: (\d+)", head)[0]))
    return body


def _cookie(app: Flask, world: World) -> str:
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    kept = {"person": world.supervisor.id, "seen": int(clock.now().timestamp()), "sign_outs": 0}
    return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps({'console': kept})}"


def _transactions(database: Database) -> int:
    with database.reading() as session:
        session.execute(text("SELECT pg_stat_clear_snapshot()"))
        query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        return int(session.scalar(text(query)) or 0)


def _report(made: Written, boards: list[Board], spent: Spent, options: argparse.Namespace) -> int:
    delays = [
        board.seen_at[number] - at
        for board in boards
        for number, at in made.committed.items()
        if number in board.seen_at
    ]
    # Gone again before it was looked at is no loss; on no screen at the end is one.
    left = set(made.committed) - set(made.cancelled)
    missed = sum(len(left - board.shown) for board in boards) + sum(
        len(made.late - set(board.seen_at)) for board in boards
    )
    stale = sum(len(board.shown - left) for board in boards)
    unseen = sum(len(set(made.committed) - set(board.seen_at)) for board in boards)
    ordered = sorted(delays)
    p95 = ordered[int(len(ordered) * 0.95)] if ordered else float("nan")
    fetched = sum(board.fetched for board in boards)
    late = f"{len(made.late)} of them late"
    print(f"{options.boards} boards, {made.changes} changes ({made.changes / options.seconds:.1f}/s), {late}")
    each = spent.transactions / max(1, made.changes)
    print(f"transactions of the service: {spent.transactions} ({each:.2f} for each change)")
    parts = {"service": spent.service, "database": spent.database, "boards": spent.boards, "changes": made.processor}
    shares = ", ".join(f"{name} {seconds / spent.wall:.0%}" for name, seconds in parts.items())
    print(f"of one processor, for {spent.wall:.0f} s: {shares}; this machine has {os.cpu_count()}")
    print(
        f"asked {sum(one.requests for one in boards)}, fetched {fetched} ({fetched / max(1, len(boards)):.0f} a board)"
    )
    print(f"from commit to screen: median {statistics.median(delays):.2f} s, p95 {p95:.2f} s, most {ordered[-1]:.2f} s")
    print(f"missed at the end {missed}, shown though gone {stale}, come and gone between two looks {unseen}")
    return int(missed > 0 or stale > 0)


if __name__ == "__main__":
    sys.exit(main())
