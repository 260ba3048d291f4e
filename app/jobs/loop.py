"""How a job of the worker lives: a round when it is woken and when one is due, until it is asked to stop."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import structlog

SWEEP = timedelta(minutes=1)  # finds what nobody was told of


def run_loop(
    one_round: Callable[[], timedelta | None],
    *,
    fault: str,
    woken: Event,
    stopping: Event,
    sweep: timedelta = SWEEP,
) -> None:
    """A round answers how long there is nothing to do; where it does not say, or fails, the next comes after `sweep`.

    One that fails is in the log as `fault`.
    """
    while not stopping.is_set():
        woken.clear()
        pause = None
        try:
            pause = one_round()
        except Exception:
            structlog.get_logger().exception(fault)
        woken.wait((sweep if pause is None else pause).total_seconds())
