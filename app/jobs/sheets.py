"""Keeps the figures of the running quarters: clocks of what was completed, then the drafts, anew every few minutes."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event

from app import clock
from app.jobs import loop
from app.runtime import Runtime
from app.services.indicators import clocks
from app.services.sheets import freezing, pages
from app.services.sheets.terms import Term

LOOK = timedelta(minutes=5)


def keep_counting(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Safe to run in any number of workers, and to be killed at any moment: what is kept are copies."""
    loop.run_loop(
        lambda: count_all(runtime, stopping=stopping),
        fault="counting the sheets failed",
        woken=woken,
        stopping=stopping,
        sweep=LOOK,
    )


def count_all(runtime: Runtime, *, stopping: Event | None = None) -> None:
    zone = runtime.settings.timezone
    with runtime.database.reading() as session:
        terms = pages.terms_open(session, today=runtime.now().date(), zone=zone)
    for term in terms:
        if not (stopping and stopping.is_set()):
            count(runtime, term)


def count(runtime: Runtime, term: Term, progress: Callable[[int], object] = lambda _done: None) -> None:
    """One quarter of one contract: every clock that is missing, then the draft, if it is one still."""
    last = 0
    while done := _fill(runtime, term, last):
        progress(len(done))
        last = done[-1]
    with runtime.database.transaction() as session:
        if freezing.newest(session, term.contract.id, str(term.quarter)) is None:
            pages.refresh(session, term, at=clock.now())


def _fill(runtime: Runtime, term: Term, after: int) -> list[int]:
    with runtime.database.transaction() as session:
        digest = clocks.rules_digest(session, term.zone)
        return clocks.fill(session, term.scope, zone=term.zone, digest=digest, after=after)
