"""Work in pieces: here for a hospital's list, on every core for millions."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

MANY = 300_000  # people; with fewer, other processes would still be starting when the work is done
Spread = Callable[..., Iterator[Any]]  # as `map` is called


@contextmanager
def cores(people: int) -> Iterator[Spread]:
    """Something that maps in order, taking pieces as it needs them."""
    count = os.cpu_count() or 1
    if people < MANY or count == 1:
        yield map
        return
    # Spawned: a worker has threads, and their locks must not be copied.
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        yield pool.imap
