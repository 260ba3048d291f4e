"""Watches what falls due by the clock: dispatches nobody opens, late tickets and cases, services not rated."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from threading import Event

import structlog
from sqlalchemy.orm import Session

from app import clock
from app.jobs import loop
from app.models import Ticket
from app.runtime import Runtime
from app.services.cases import watch as cases
from app.services.ratings import reminders
from app.services.registers import reminders as registers
from app.services.registers import repeating
from app.services.service_levels import deadlines, escalation, missed
from app.services.tickets import lifecycle, urges


def keep_watching(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Look when something falls due, and every minute.

    Safe to run in any number of workers, and to be killed at any moment.
    """
    loop.run_loop(lambda: look_once(runtime), fault="a round of the watch failed", woken=woken, stopping=stopping)


def look_once(runtime: Runtime) -> timedelta:
    """Tell whom it is time to tell; answers how long there is nothing to do."""
    at = runtime.now()  # who works today is a matter of the hospital's days
    window = runtime.settings.rating_window
    with runtime.database.reading() as session:
        unopened = escalation.due(session, at=at)
        late = deadlines.due(session, at=at)
        over = missed.due(session, zone=runtime.settings.timezone, at=at)
        unanswered = urges.due(session, at=at)
        unrated = reminders.due(session, window=window, at=at)
        urged = cases.unanswered(session, at=at)
        moved = cases.stale(session, at=at)
        overdue = cases.overdue(session, at=at)
        kept = registers.due(session, at=at)
        planned = repeating.due(session, at=at)
    _each(runtime, [ticket for ticket, moment in unopened.items() if moment <= at], partial(escalation.escalate, at=at))
    _each(runtime, late, partial(deadlines.remind, at=at))
    _each(runtime, over, partial(missed.warn, zone=runtime.settings.timezone, at=at))
    _each(runtime, unanswered, partial(urges.escalate, at=at))
    _each(runtime, unrated, partial(reminders.remind, window=window, at=at))
    _each(runtime, urged, partial(cases.open_for_urge, at=at))
    _each_case(runtime, moved, partial(cases.recount, at=at))
    _each_case(runtime, overdue, partial(cases.warn, at=at))
    _each_record(runtime, planned, partial(repeating.follow, at=at))
    _each_record(runtime, kept, partial(registers.remind, at=at))
    now = clock.now()
    with runtime.database.reading() as session:
        ahead = [moment for moment in escalation.due(session, at=now).values() if moment > now]
    return min([*(moment - now for moment in ahead), loop.SWEEP])


def _each_case(runtime: Runtime, case_ids: Iterable[int], do: Callable[[Session, int], None]) -> None:
    for case_id in case_ids:
        try:
            with runtime.database.transaction() as session:
                do(session, case_id)
        except Exception:
            structlog.get_logger().exception("a case could not be watched", case=case_id)


def _each_record(runtime: Runtime, record_ids: Iterable[int], do: Callable[[Session, int], None]) -> None:
    for record_id in record_ids:
        try:
            with runtime.database.transaction() as session:
                do(session, record_id)
        except Exception:
            structlog.get_logger().exception("a record could not be watched", record=record_id)


def _each(runtime: Runtime, ticket_ids: Iterable[int], watch: Callable[[Session, Ticket], None]) -> None:
    for ticket_id in ticket_ids:
        try:
            with runtime.database.transaction() as session:
                watch(session, lifecycle.locked(session, ticket_id=ticket_id))
        except Exception:
            structlog.get_logger().exception("a ticket could not be watched", ticket=ticket_id)
