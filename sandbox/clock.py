import time
from collections.abc import Callable

# Seconds since 1970, as WeChat counts.
Clock = Callable[[], float]

system_clock: Clock = time.time  # noqa: TID251 a stand-in for WeChat has its own clock, and this is its place


class TurnedClock:
    """A clock that can be put forward from outside."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._clock() + self._ahead

    def forward(self, seconds: float) -> None:
        self._ahead += seconds
