"""The one way to Redis: a short deadline for every use, and after a failure a while without it.

Redis may vanish or hang at any moment. Whoever holds a page waits for it once, a quarter of a second; the others go on
without it at once, until one of them finds it well again.
"""

import time
from functools import cache
from threading import Lock
from typing import Any

import structlog
from redis import ConnectionPool
from redis.exceptions import ConnectionError as Unreachable

DEADLINE = 0.25  # seconds; a local network takes a thousandth of one
REST = 5.0


class BreakingPool(ConnectionPool):
    """A circuit breaker where every client takes its connections, whichever library it belongs to."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turn = Lock()
        self._resting_until: float | None = None

    def get_connection(self, *args: Any, **options: Any) -> Any:
        if not self._may_ask():
            raise Unreachable("Redis failed a moment ago")
        return super().get_connection(*args, **options)

    def release(self, connection: Any) -> None:
        # Who could not connect, or got no answer in time, gives back a closed one.
        if connection.is_connected:
            self._resting_until = None
        else:
            if self._resting_until is None:
                structlog.get_logger().warning("Redis does not answer; on without it")
            self._resting_until = time.monotonic() + REST
        super().release(connection)

    def _may_ask(self) -> bool:
        """When the rest is over one asks, and rests again unless it is answered."""
        if self._resting_until is None:
            return True
        with self._turn:
            now = time.monotonic()
            if self._resting_until is not None and now < self._resting_until:
                return False
            self._resting_until = now + REST
            return True


@cache
def pool(url: str) -> BreakingPool:
    """That of this process for `redis://`, `rediss://` or `unix://`; raises ValueError where the address is none."""
    # The client's own retries add up to a minute.
    return BreakingPool.from_url(url, socket_timeout=DEADLINE, socket_connect_timeout=DEADLINE, retry=None)
