"""`make bench-draw`: ten million people from their ids to a committed list and its winners; read the ratios.

The plain way is `lottery.rule` on one core, timed in the same run on fewer people: what is divided is people a second.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from alembic import command
from alembic.config import Config
from sqlalchemy import insert

from app import clock
from app.db import Database
from app.models import Completion, Draw, Person, Rating, Ticket, WeChatIdentity
from app.paths import ROOT
from app.services.draws import eligibility, merkle_list, ranking
from lottery import rule, tree

DRAW_ID, PREFIX, PRIZES = "bench-2026q4", "h001:emp:", 100
KEY, SEED = sha256(b"key").digest(), sha256(b"seed").digest()
GOAL_SECONDS, WHOLE = 40, 10_000_000
CALLS = 10  # of SHA-256 for a person with two tickets: salt 2, entry 2, leaf and node 2, scores 4
LINE = "{:<44}{:>12}   {}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=WHOLE, help="how many; two tickets each on the average")
    parser.add_argument("--plain", type=int, default=100_000, help="how many the plain way is timed with")
    parser.add_argument("--rows", type=int, default=100_000, help="how many ratings are streamed out of a database")
    options = parser.parse_args()
    plain = _timed(lambda: _plain(options.plain)) / options.plain
    small = min(_timed(lambda: _ours(5_000)) for _ in range(3))
    with _watching() as most:
        whole = _timed(lambda: _ours(options.people))
    stream = _stream(options.rows)
    goal = f"goal {GOAL_SECONDS} s" if options.people == WHOLE else ""
    print(LINE.format(f"commit and run, {options.people:,} people", f"{whole:.1f} s", goal))
    print(LINE.format("only that many bare calls of sha256", f"{_bare() * options.people:.1f} s", "on the same cores"))
    print(LINE.format("memory of all processes", f"{most[0] / 1e9:.2f} GB", "goal 1.3 GB" if goal else ""))
    print(LINE.format("commit and run, 5,000 people", f"{small * 1000:.0f} ms", "goal 100 ms"))
    print(LINE.format("ours / plain Python on one core", f"{plain * options.people / whole:.2f}", "people a second"))
    print(LINE.format("check of one receipt", f"{_receipt() * 1e6:.0f} us", "goal 1000 us"))
    print(LINE.format("stream out of SQLite", f"{options.rows / stream:,.0f} /s", f"{options.rows:,} people"))
    return 0


def _ours(count: int) -> None:
    ids = np.arange(1, count + 1, dtype=np.int64)
    listed = merkle_list.build(KEY, DRAW_ID, merkle_list.People(PREFIX, ids, (ids % 3 + 1).astype(np.uint16)))
    sha256(listed.data).hexdigest()
    places = ranking.first(SEED, listed.data, PRIZES)
    listed.proofs([place.index for place in places])


def _bare() -> float:
    """Seconds a person takes on all cores if nothing but the calls is done: no way on `hashlib` is faster."""
    count = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        return CALLS * max(pool.map(_calls, [200_000] * count, chunksize=1)) / count


def _calls(count: int) -> float:
    text = bytes(98)  # the commonest length: an opened HMAC and 34 bytes
    return _timed(lambda: [sha256(text).digest() for _ in range(count)]) / count


def _plain(count: int) -> None:
    pids = [f"{PREFIX}{number}" for number in range(1, count + 1)]
    entries = [rule.entry(rule.salt(KEY, DRAW_ID, pid), DRAW_ID, pid) for pid in pids]
    listed = sorted(rule.leaf(entry, number % 3 + 1) for number, entry in enumerate(entries, 1))
    tree.root(listed)
    rule.order(SEED, listed)


def _receipt() -> float:
    ids = np.arange(1, 100_001, dtype=np.int64)
    listed = merkle_list.build(KEY, DRAW_ID, merkle_list.People(PREFIX, ids, np.full(len(ids), 3, np.uint16)))
    path, leaf, root = listed.proofs([5])[0], listed.leaf(5), listed.root
    salt = rule.salt(KEY, DRAW_ID, f"{PREFIX}1")

    def check() -> None:
        rule.entry(salt, DRAW_ID, f"{PREFIX}1")
        assert tree.proves(path, tree.leaf_hash(leaf), index=5, size=len(ids), root=root)
        rule.score(SEED, leaf[:32], 3)

    return min(_timed(check) for _ in range(200))


def _stream(count: int) -> float:
    """How long the service takes to read who is in."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(ROOT / "alembic.ini")
        config.attributes["database_url"] = url = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
        command.upgrade(config, "head")
        database, at = Database(url), clock.now()
        with database.transaction() as session:
            for start in range(1, count + 1, 20_000):
                ids = range(start, min(start + 20_000, count + 1))
                for table, rows in _rows(ids, at).items():
                    session.execute(insert(table), rows)
        draw = Draw(id=1, draw_id=DRAW_ID, pid_prefix=PREFIX, opens=at, closes=at)
        with database.reading() as session:
            took = _timed(lambda: eligibility.find(session, draw, cap=3, zone=ZoneInfo("UTC")))
        database.engine.dispose()
        return took


def _rows(ids: range, at: object) -> dict[type, list[dict[str, object]]]:
    common = {"reported_at": at, "updated_at": at, "state": "closed", "source": "phone"}
    return {
        Person: [{"id": n, "staff_number": str(n), "name": "-"} for n in ids],
        WeChatIdentity: [{"id": n, "appid": "-", "openid": str(n), "person_id": n, "first_seen_at": at} for n in ids],
        Ticket: [{"id": n, "number": str(n), **common} for n in ids],
        Completion: [{"id": n, "ticket_id": n, "cycle": 1, "finished_at": at, "rateable": True} for n in ids],
        Rating: [
            {
                "id": n,
                "completion_id": n,
                "level": 5,
                "identity_id": n,
                "person_id": n,
                "counts": True,
                "source": "scan",
                "at": at,
            }
            for n in ids
        ],
    }


@contextmanager
def _watching() -> Iterator[list[float]]:
    """The most memory this process and its children have held together, in bytes."""
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            most[0] = max(most[0], sum(map(_resident, _family())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


def _family() -> list[int]:
    found = [os.getpid()]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(stat.parent.name))
        except OSError:
            continue  # ended meanwhile
    return found


def _resident(pid: int) -> int:
    """In bytes; what processes share, each holds its part of."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
