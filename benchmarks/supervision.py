"""`make bench-supervision`: service-level clocks of a million tickets, and a sealed history of a million entries.

python -m benchmarks.supervision [--quick]    On one core; both have a minute.
"""

import random  # noqa: TID251 seeded: the same tickets every time
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ledger import notes, tiles
from ledger.canonical import leaf
from ledger.verify import verify
from supervision.calendar import Calendar
from supervision.clock import Limit, Pause, reading

MANY = 1_000_000
MOST = 60  # seconds
MINUTE = timedelta(minutes=1)
ORIGIN = "bench.example.com/history"
HOURS = [["08:00", "12:00"], ["14:00", "17:30"]]
OFFICE: dict[str, Any] = {
    "tz": "Asia/Shanghai",
    "week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS),
    "closed": ["2026-01-01", "2026-02-16", "2026-02-17", "2026-05-01", "2026-10-01"],
    "special": {"2026-02-14": HOURS, "2026-02-28": HOURS},
}
DISPATCH, RESPONSE, ARRIVAL, SOLUTION = map(Limit.read, ("5m", "10m", "30m", "1wd"))


class Ticket(NamedTuple):
    """When what was done, and what it waited for."""

    reported: datetime
    dispatched: datetime
    accepted: datetime
    arrived: datetime
    finished: datetime
    pauses: Sequence[Pause]


def tickets(count: int) -> list[Ticket]:
    chance = random.Random(1)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    found = []
    for _ in range(count):
        moments = [begin + chance.randrange(365 * 1440) * MINUTE]
        for most in (10, 20, 60, 2_000):
            moments.append(moments[-1] + chance.randrange(most) * MINUTE)
        reported, dispatched, accepted, arrived, finished = moments
        waits = (arrived + step * MINUTE for step in (30, 300)[: chance.randrange(3)])
        pauses = [Pause(wait, wait + chance.randrange(240) * MINUTE, "part") for wait in waits]
        found.append(Ticket(reported, dispatched, accepted, arrived, finished, pauses))
    return found


def recount(calendar: Calendar, found: list[Ticket]) -> int:
    """Four limits of each ticket; how many were kept."""
    kept = 0
    for ticket in found:
        at = ticket.finished
        kept += reading(calendar, DISPATCH, ticket.reported, at=at, done=ticket.dispatched).kept is True
        kept += reading(calendar, RESPONSE, ticket.reported, at=at, done=ticket.accepted).kept is True
        kept += reading(calendar, ARRIVAL, ticket.reported, at=at, done=ticket.arrived).kept is True
        kept += reading(calendar, SOLUTION, ticket.reported, at=at, done=at, pauses=ticket.pauses).kept is True
    return kept


def history(folder: Path, count: int) -> notes.VerifierKey:
    """A log of entries of an ordinary length; its key."""
    event = {
        "actor": 4711,
        "at": "2026-11-30T08:15:27.123456Z",
        "channel": "wechat",
        "cycle": 1,
        "data": {"lead": 812, "department": 33},
        "kind": "dispatched",
        "recorded": "2026-11-30T08:15:27.223456Z",
    }
    leaves = (leaf(seq, {**event, "subject": ["ticket", seq // 6]}) for seq in range(1, count + 1))
    checkpoint = notes.Checkpoint(ORIGIN, *tiles.write(folder, leaves))
    (folder / tiles.CHECKPOINT).write_text(notes.sign(checkpoint.text, ORIGIN, bytes(32)), "utf-8")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    return notes.VerifierKey(ORIGIN, public)


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main(*, quick: bool) -> int:
    count = 2_000 if quick else MANY
    calendar = Calendar(OFFICE)
    spent = {"clocks": 0.0}
    part = tickets(min(count, 100_000))  # again and again: their dates are spread over a year
    for _ in range(count // len(part)):
        spent["clocks"] += seconds(lambda: recount(calendar, part))
    print(f"clocks of {count} tickets, four limits each: {spent['clocks']:.1f} seconds")
    with tempfile.TemporaryDirectory() as folder:
        key = history(Path(folder), count)
        holds = []
        spent["entries"] = seconds(lambda: holds.append(verify(Path(folder), key=key)[-1].holds))
    print(f"{count} sealed entries verified, {holds}: {spent['entries']:.1f} seconds")
    missed = [] if quick else [name for name, used in spent.items() if used > MOST]
    for name in missed:
        print(f"missed: {name} in {MOST} seconds")
    return 1 if missed or holds != [True] else 0


if __name__ == "__main__":
    sys.exit(main(quick="--quick" in sys.argv))
