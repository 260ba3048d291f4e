"""Pages that show minutes differ from one to the next: what compares two looks begins with a new one."""

from datetime import timedelta

from app import clock


def begin_a_minute() -> None:
    """This process lives a little ahead from here on, at the first second of a minute; the app put back ends it."""
    now = clock.now()
    clock.run_ahead(timedelta(minutes=1) - timedelta(seconds=now.second, microseconds=now.microsecond))
