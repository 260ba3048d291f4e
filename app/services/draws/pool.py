"""Work in pieces: here for a hospital's list, on every core for millions."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

MANY = 300_000  # people; below that other processes would still be starting when the work is done
Job = TypeVar("Job")
Done = TypeVar("Done")


class Spread(Protocol):
    def __call__(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]: ...


@contextmanager
def cores(people: int) -> Iterator[Spread]:
    """Something that maps in order, one piece after the other."""
    count = os.cpu_count() or 1
    if people < MANY or count == 1:
        yield map
        return
    # Spawned: a worker has threads, and their locks must not be copied.
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        yield pool.imap
