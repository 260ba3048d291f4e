"""The queue only says "look now". What has to be done stands in the database; a lost word costs a minute."""

import sqlite3
from collections.abc import Callable
from functools import cache

import structlog
from huey import Huey, RedisHuey, SqliteHuey
from huey.api import TaskWrapper
from redis import ConnectionPool
from redis.exceptions import RedisError

from config.settings import Settings

Job = Callable[[], None]


def open_queue(settings: Settings) -> Huey:
    """Redis where there is one, else an SQLite file in DATA_DIR."""
    if settings.redis_url:
        # A user may be waiting for this at the end of his transaction; the worker's blocking read takes one second.
        pool = ConnectionPool.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=1, retry=None)
        return RedisHuey("mashangping", connection_pool=pool, results=False)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("mashangping", filename=str(settings.data_dir / "queue.sqlite"), results=False)


def declare(queue: Huey, look: Job) -> TaskWrapper:
    """The one task of this queue: look for notices when told to."""

    # A task is known by the module it was written in: here, for the one who enqueues and the one who runs it.
    @queue.task()  # type: ignore[untyped-decorator]
    def deliver() -> None:
        look()

    return deliver


def waker(settings: Settings) -> Callable[[set[str]], None]:
    """What a transaction calls after its commit. Trouble with the queue never reaches the user."""

    @cache
    def task() -> TaskWrapper:
        return declare(open_queue(settings), _elsewhere)

    def wake(announced: set[str]) -> None:
        if "notices" not in announced:
            return
        try:
            task()()
        except (RedisError, sqlite3.Error, OSError) as error:
            structlog.get_logger().warning("the worker was not woken", error=type(error).__name__)

    return wake


def _elsewhere() -> None:
    raise RuntimeError("this process only enqueues; the worker runs the tasks")
