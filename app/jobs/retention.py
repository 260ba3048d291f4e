"""Lets go of what is needed no more: once a night, in small batches, by whichever worker comes first."""

from datetime import datetime, time, timedelta
from threading import Event

import structlog

from app import clock
from app.jobs import loop
from app.runtime import Runtime
from app.services.privacy import retention
from app.services.service_levels import due_moments

NIGHT = (time(2), time(5))
LOOK = timedelta(minutes=10)


def keep_tidy(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Look every few minutes whether it is night and its work is not done.

    Safe to run in any number of workers, and to be killed at any moment: what was left is taken up again an hour later.
    """
    loop.run_loop(
        lambda: tidy_at_night(runtime, at=clock.now(), stopping=stopping),
        fault="the nightly retention failed",
        woken=woken,
        stopping=stopping,
        sweep=LOOK,
    )


def tidy_at_night(runtime: Runtime, *, at: datetime, stopping: Event) -> None:
    here = at.astimezone(runtime.settings.timezone)
    if not NIGHT[0] <= here.time() < NIGHT[1]:
        return
    with runtime.database.transaction() as session:
        first = retention.begin(session, at=at)
    if not first:
        return
    structlog.get_logger().info("retention", **tidy(runtime, at=here, stopping=stopping))
    prove_due_moments(runtime, stopping=stopping)
    if not stopping.is_set():
        with runtime.database.transaction() as session:
            retention.finish(session, at=at)


def prove_due_moments(runtime: Runtime, *, stopping: Event) -> list[str]:
    """The numbers of the open tickets whose stored moment was not the clock's; it is mended, and in the log."""
    zone = runtime.settings.timezone
    wrong: list[str] = []
    after: int | None = 0
    while after is not None and not stopping.is_set():
        with runtime.database.transaction() as session:
            found = due_moments.prove(session, after=after, zone=zone)
            for difference in found.differences:
                due_moments.mend(session, difference, zone=zone)
        wrong += [difference.number for difference in found.differences]
        after = found.last
    if wrong:
        structlog.get_logger().error("stored due moments were not the clock's", tickets=wrong)
    return wrong


def tidy(runtime: Runtime, *, at: datetime, stopping: Event) -> dict[str, int]:
    """Follow every rule to its end, a batch a transaction; how many rows each was about."""
    done: dict[str, int] = {}
    for rule in retention.rules(runtime.settings.retention, at=at):
        done[rule.name] = 0
        while not stopping.is_set():
            with runtime.database.transaction() as session:
                batch = retention.apply(session, rule, most=retention.BATCH)
            done[rule.name] += batch
            if batch < retention.BATCH:
                break
    return done
