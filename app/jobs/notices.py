"""Sends what waits: claim in one transaction, call WeChat in none, record in another."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import structlog

from app import clock
from app.jobs.loop import SWEEP
from app.jobs.sending import send
from app.runtime import Runtime
from app.services.notices import channels, delivery, queue
from app.services.notices.delivery import Letter

# WeChat answers in some 50 to 100 ms: ten at a time keep a hundred tickets a second below one second's wait. No more
# are claimed than are sent at once, so that no lease runs out in a line.
AT_ONCE = 10
# More are claimed by the handful. Up to so many that get no answer hold up nobody else.
STILL_SENDING = 5


def keep_delivering(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Send when woken, when something falls due, and every minute for whatever was missed.

    Safe to run in any number of workers, and to be killed at any moment.
    """
    sending: set[Future[None]] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while not stopping.is_set():
            woken.clear()
            sending = {one for one in sending if not one.done()}
            pause = SWEEP
            if len(sending) <= STILL_SENDING:
                try:
                    started = start(runtime, pool, most=AT_ONCE - len(sending))
                    sending.update(started)
                    for one in started:
                        one.add_done_callback(lambda _: woken.set())
                    pause = until_next(runtime)
                except Exception:
                    structlog.get_logger().exception("a round of notices failed")
            woken.wait(pause.total_seconds())


def start(runtime: Runtime, pool: ThreadPoolExecutor, *, most: int) -> list[Future[None]]:
    """Send some of what is due."""
    ladder = channels.ladder(runtime.settings)
    with runtime.database.transaction() as session:
        letters = queue.claim(session, ladder, at=clock.now(), most=most)
    return [pool.submit(_deliver_one, runtime, letter) for letter in letters]


def until_next(runtime: Runtime) -> timedelta:
    """How long there is nothing to do."""
    now = clock.now()
    with runtime.database.reading() as session:
        due = queue.next_due(session)
    return SWEEP if due is None else min(max(due - now, timedelta()), SWEEP)


def _deliver_one(runtime: Runtime, letter: Letter | None) -> None:
    """By one channel after the other, until one has it."""
    try:
        ladder = channels.ladder(runtime.settings)
        while letter:
            answer = send(runtime, letter)
            with runtime.database.transaction() as session:
                letter = delivery.record(session, ladder, letter, answer, at=clock.now())
    except Exception:
        # One that cannot be recorded never holds up the others; it is due again after its lease.
        structlog.get_logger().exception("a notice could not be handled", notice=letter and letter.notice_id)
