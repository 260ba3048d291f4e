"""Has the signals look at every day that is over; what they saw waits on /console/integrity."""

from datetime import datetime, timedelta
from threading import Event

from app.jobs import loop
from app.runtime import Runtime
from app.services import feed
from app.services.integrity import watching

LOOK = timedelta(minutes=15)


def keep_looking(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Safe to run in any number of workers, and to be killed at any moment: a day is looked at whole or not at all."""
    loop.run_loop(
        lambda: look_at_all(runtime, at=runtime.now(), stopping=stopping),
        fault="looking for signals failed",
        woken=woken,
        stopping=stopping,
        sweep=LOOK,
    )


def look_at_all(runtime: Runtime, *, at: datetime, stopping: Event | None = None) -> None:
    zone = runtime.settings.timezone
    while not (stopping and stopping.is_set()):
        feed.number_all(runtime.database)
        with runtime.database.reading() as session:  # on SQLite nobody waits meanwhile who wants to write
            seen = watching.look(session, zone=zone, at=at)
        if seen is None:
            return
        with runtime.database.transaction() as session:
            watching.take(session, seen, zone=zone, at=at)
