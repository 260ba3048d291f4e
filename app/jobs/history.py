"""Seals what has happened: every minute what is new, once a day a checkpoint over all of it, looked through before."""

from datetime import timedelta
from threading import Event

import structlog

from app import clock
from app.jobs import loop
from app.runtime import Runtime
from app.services import feed
from app.services.audit import seal, verify

LOOK = timedelta(minutes=1)
AGAIN = timedelta(hours=6)  # after it was found altered


def keep_sealing(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Safe to run in any number of workers, and to be killed at any moment: a batch is sealed whole or not at all."""
    loop.run_loop(
        lambda: seal_all(runtime, stopping=stopping),
        fault="sealing the history failed",
        woken=woken,
        stopping=stopping,
        sweep=LOOK,
    )


def seal_all(runtime: Runtime, *, stopping: Event | None = None) -> None:
    """Number what has been committed, seal it, and make the day's checkpoint."""
    take_all(runtime, stopping=stopping)
    now = clock.now()
    with runtime.database.reading() as session:
        due = seal.wants_daily(session, day=now.astimezone(runtime.settings.timezone).date())
        last = verify.last_verification(session)
    if due and not (last and last.fault and last.at > now - AGAIN):
        _make_daily(runtime)


def take_all(runtime: Runtime, *, stopping: Event | None = None) -> None:
    while _take_batch(runtime) and not (stopping and stopping.is_set()):
        pass


def _take_batch(runtime: Runtime) -> int:
    with runtime.database.reading() as session:
        behind, fresh = feed.waits(session), seal.waits(session)
    if behind:
        with runtime.database.transaction() as session:
            behind = feed.number(session) > 0
    if not behind and not fresh:
        return 0
    with runtime.database.transaction() as session:
        return seal.seal(session, runtime.signer, at=clock.now())


def _make_daily(runtime: Runtime) -> None:
    """Nothing that no longer holds is signed."""
    at, key = clock.now(), runtime.signer.key
    with runtime.database.reading() as session:
        verdict = verify.verify(session, keys=[key] if key else [])
    with runtime.database.transaction() as session:
        day = at.astimezone(runtime.settings.timezone).date()
        if seal.wants_daily(session, day=day):
            verify.record(session, verdict, by=None, at=at)
            if verdict.holds:
                seal.daily(session, runtime.signer, day=day, at=at)
    if not verdict.holds:
        structlog.get_logger().error("the history was altered", fault=verdict.fault, where=verdict.where)
