import time
from collections.abc import Callable

# Seconds since 1970, as WeChat counts.
Clock = Callable[[], float]

system_clock: Clock = time.time  # noqa: TID251 a stand-in for WeChat has its own clock, and this is its place
