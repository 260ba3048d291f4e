"""Counts old days once and for all; proves every day that they are what the ratings say, and looks at the tables."""

from datetime import date, datetime, timedelta
from threading import Event

import structlog

from app.jobs import loop
from app.runtime import Runtime
from app.services import feed
from app.services.rollups import corridor, daily, recount

LOOK = timedelta(minutes=5)
AT_ONCE = 10  # days in one transaction, so that on SQLite nobody waits for it
GIVE_WAY = 0.1  # seconds between two steps, in which on SQLite whoever wants to write gets in
PROVED = 100  # the last days; the others by `flask ratings recount`


class Rolling:
    """One worker's; any number of them may run, and be killed at any moment."""

    def __init__(self) -> None:
        self._proved: date | None = None

    def round(self, runtime: Runtime, *, at: datetime, stopping: Event) -> None:
        more = True
        while more and not stopping.is_set():
            more = roll(runtime, at=at)
            stopping.wait(GIVE_WAY)
        today = at.astimezone(runtime.settings.timezone).date()
        if self._proved != today and not stopping.is_set():
            self._proved = today
            prove(runtime)
            runtime.database.gather_statistics()


def keep_rolling(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    rolling = Rolling()
    loop.run_loop(
        lambda: rolling.round(runtime, at=runtime.now(), stopping=stopping),
        fault="a round of the roll-ups failed",
        woken=woken,
        stopping=stopping,
        sweep=LOOK,
    )


def roll(runtime: Runtime, *, at: datetime) -> bool:
    """One step; whether there is more to do."""
    feed.number_all(runtime.database)
    with runtime.database.transaction() as session:
        ratings = daily.follow(session, zone=runtime.settings.timezone, at=at, most=AT_ONCE)
    with runtime.database.transaction() as session:
        return corridor.follow(session, zone=runtime.settings.timezone, at=at, most=AT_ONCE) or ratings


def prove(runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        wrong = [day for day, differs in recount.wrong(session, recount.days(session, last=PROVED)) if differs]
        days = recount.corridor_days(session, last=PROVED)
        felt = [day for day, differs in recount.corridor_wrong(session, days) if differs]
        quarters = recount.corridor_quarters_wrong(session, recount.corridor_quarters(session)[-2:])
        summed = [day for day, differs in quarters if differs]
    if felt:  # somebody may have rated since the feed was read
        feed.number_all(runtime.database)
        with runtime.database.reading() as session:
            felt = sorted({*felt} - corridor.pending(session, runtime.settings.timezone))
    if wrong:
        structlog.get_logger().error("a day's roll-up is not what its ratings say", days=[str(day) for day in wrong])
    if felt or summed:
        named = {"days": [str(day) for day in felt], "quarters": [str(day) for day in summed]}
        structlog.get_logger().error("the corridor's roll-up is not what its rows say", **named)
