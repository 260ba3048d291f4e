"""The words that wake the worker, in the queue's file."""

from app.jobs import wakeups
from config.settings import Settings


def test_a_word_that_waits_is_not_said_again(settings: Settings) -> None:
    wake, queue = wakeups.waker(settings), wakeups.open_queue(settings)
    tasks = wakeups.declare(queue, dict.fromkeys(wakeups.ANNOUNCED, lambda: None))
    for what in ("notices", "notices", "draws", "notices"):
        wake({what})
    words = [queue.dequeue(), queue.dequeue()]
    assert [type(word) for word in words] == [tasks["notices"].task_class, tasks["draws"].task_class]
    assert queue.dequeue() is None
    wake({"notices"})
    assert queue.dequeue() is not None
