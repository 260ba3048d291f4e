"""The queue only says "look now". What has to be done stands in the database; a lost word costs a minute."""

import sqlite3
from collections.abc import Callable, Mapping
from functools import cache

import structlog
from huey import Huey, RedisHuey, SqliteHuey
from huey.api import TaskWrapper
from huey.storage import BaseStorage, SqliteStorage
from redis import ConnectionPool
from redis.exceptions import RedisError

from app import redis_pool
from config.settings import Settings

Job = Callable[[], None]
ANNOUNCED = frozenset({"notices", "inbound", "errands", "checks", "draws", "webhooks", "trials"})


class _Words(SqliteStorage):  # type: ignore[misc]
    """Nothing here is worth waiting for the disk, and a word that waits need not be said again."""

    def _create_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._create_connection()
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        waits = "SELECT 1 FROM task WHERE queue = ? AND data = ? LIMIT 1"
        if not self.sql(waits, (self.name, data), results=True):
            super().enqueue(data, priority)


class _SqliteQueue(SqliteHuey):  # type: ignore[misc]
    storage_class = _Words


def open_queue(settings: Settings, pool: ConnectionPool | None = None) -> Huey:
    """Redis where there is one, else an SQLite file in DATA_DIR."""
    if settings.redis_url:
        # The worker's blocking read takes one second.
        pool = pool or ConnectionPool.from_url(
            settings.redis_url, socket_timeout=3, socket_connect_timeout=1, retry=None
        )
        return RedisHuey("mashangping", connection_pool=pool, results=False)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return _SqliteQueue("mashangping", filename=str(settings.data_dir / "queue.sqlite"), results=False)


def declare(queue: Huey, looks: Mapping[str, Job]) -> dict[str, TaskWrapper]:
    """A task for each thing that may be announced: to look for it when told to."""
    return {what: _task(queue, what, look) for what, look in looks.items()}


def _task(queue: Huey, what: str, look: Job) -> TaskWrapper:
    # A task is known by the module it was written in: here, for the one who enqueues and the one who runs it.
    def task() -> None:
        look()

    return queue.task(name=what)(task)


def waker(settings: Settings) -> Callable[[set[str]], None]:
    """What a transaction calls after its commit. Trouble with the queue never reaches the user."""

    @cache
    def words() -> tuple[BaseStorage, dict[str, bytes]]:
        # A user may be waiting for this at the end of their transaction: each word is put into bytes once.
        pool = redis_pool.pool(settings.redis_url) if settings.redis_url else None
        queue = open_queue(settings, pool)
        tasks = declare(queue, dict.fromkeys(ANNOUNCED, _elsewhere))
        return queue.storage, {what: queue.serialize_task(task.s(id=what)) for what, task in tasks.items()}

    def wake(announced: set[str]) -> None:
        try:
            for what in announced & ANNOUNCED:
                queue, tasks = words()
                queue.enqueue(tasks[what])
        except (RedisError, sqlite3.Error, OSError) as error:
            structlog.get_logger().warning("the worker was not woken", error=type(error).__name__)

    return wake


def _elsewhere() -> None:
    raise RuntimeError("this process only enqueues; the worker runs the tasks")
