"""The queue only says "look now". What has to be done stands in the database; a lost word costs a minute."""

from collections.abc import Callable
from functools import cache

import structlog
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.api import TaskWrapper
from redis.exceptions import RedisError

from config.settings import Settings

Job = Callable[[], None]


def open_queue(settings: Settings) -> Huey:
    """Redis where there is one, else an SQLite file in DATA_DIR."""
    if settings.redis_url:
        return RedisHuey(
            "mashangping",
            url=settings.redis_url,
            results=False,
            socket_timeout=10,  # longer than the consumer's blocking read
            socket_connect_timeout=2,
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("mashangping", filename=str(settings.data_dir / "queue.sqlite"), results=False)


def declare(queue: Huey, deliver: Job) -> TaskWrapper:
    """The one task of this queue: look for notices when told to, and every minute for whatever was missed."""
    queue.periodic_task(crontab(minute="*"), name="sweep")(deliver)
    return queue.task(name="deliver")(deliver)


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
        except (RedisError, OSError) as error:
            structlog.get_logger().warning("the worker was not woken", error=type(error).__name__)

    return wake


def _elsewhere() -> None:
    raise RuntimeError("this process only enqueues; the worker runs the tasks")
