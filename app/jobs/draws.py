"""Takes a draw's steps when they are due: what is long is prepared with no transaction open, then written at once."""

from threading import Event
from typing import Any

import structlog

from app import clock
from app.errors import Refused
from app.jobs import loop
from app.jobs.drand_beacon import Beacon
from app.runtime import Runtime
from app.services.draws import announcement, checkpoints, claims, commitment, objections, results, schedule
from app.services.draws.merkle_list import Progress


def keep_drawing(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Look when a number stands or an objection is upheld, and every minute.

    Safe to run in any number of workers, and to be killed at any moment.
    """
    beacon = Beacon()
    loop.run_loop(
        lambda: look_once(runtime, beacon), fault="a round of the draws failed", woken=woken, stopping=stopping
    )


def look_once(runtime: Runtime, beacon: Beacon | None = None) -> None:
    with runtime.database.reading() as session:
        under_way = schedule.under_way(session, at=clock.now())
    for draw_id in under_way:
        try:
            _take_all(runtime, draw_id)
            if beacon and beacon.fetch(runtime, draw_id):
                _take_all(runtime, draw_id)
        except Refused as refused:  # another worker was quicker, or the clock
            structlog.get_logger().warning("a step of a draw was refused", draw=draw_id, code=refused.code)
        except Exception:
            structlog.get_logger().exception("a step of a draw failed", draw=draw_id)


def _take_all(runtime: Runtime, draw_id: str) -> None:
    while step := _due(runtime, draw_id):
        take(runtime, draw_id, step)


def take(
    runtime: Runtime, draw_id: str, step: str, *, by: int | None = None, progress: Progress = lambda _done: None
) -> Any:
    """One of `steps.STEPS`; what was written. Raises Refused."""
    match step.split("_"):
        case ["checkpoint"]:
            return _checkpoint(runtime, draw_id, by, progress)
        case ["settle"]:
            return _settle(runtime, draw_id, progress)
        case ["commit"]:
            return _commit(runtime, draw_id, by, progress)
        case ["expire"]:
            with runtime.database.transaction() as session:
                return claims.expire(session, announcement.find(session, draw_id), at=clock.now())
        case ["run", number]:
            return _run(runtime, draw_id, int(number), by, progress)
        case [_, number]:
            return _name(runtime, draw_id, int(number), progress)


def _due(runtime: Runtime, draw_id: str) -> str | None:
    with runtime.database.reading() as session:
        draw = announcement.find(session, draw_id)
        return schedule.due(session, draw, zone=runtime.settings.timezone, at=clock.now())


def _checkpoint(runtime: Runtime, draw_id: str, by: int | None, progress: Progress) -> Any:
    zone, now = runtime.settings.timezone, clock.now()
    with runtime.database.reading() as session:
        made = checkpoints.prepare(session, announcement.find(session, draw_id), zone=zone, at=now, progress=progress)
    with runtime.database.transaction() as session:
        draw = announcement.find(session, draw_id)
        return checkpoints.write(session, draw, made, by=by, day=now.astimezone(zone).date(), at=now)


def _settle(runtime: Runtime, draw_id: str, progress: Progress) -> int:
    with runtime.database.reading() as session:
        draw = announcement.find(session, draw_id)
        waiting = objections.open_ones(session, draw)
        verdicts = objections.examine(session, draw, waiting, zone=runtime.settings.timezone, progress=progress)
    with runtime.database.transaction() as session:
        return objections.settle(session, announcement.find(session, draw_id), verdicts, at=clock.now())


def _commit(runtime: Runtime, draw_id: str, by: int | None, progress: Progress) -> Any:
    zone = runtime.settings.timezone
    with runtime.database.reading() as session:
        prepared = commitment.prepare(
            session, announcement.find(session, draw_id), zone=zone, at=clock.now(), progress=progress
        )
    with runtime.database.transaction() as session:
        return commitment.write(session, announcement.find(session, draw_id), prepared, by=by, at=clock.now())


def _run(runtime: Runtime, draw_id: str, draw_round: int, by: int | None, progress: Progress) -> Any:
    with runtime.database.reading() as session:
        draw = announcement.find(session, draw_id)
        prepared = results.prepare(session, draw, draw_round, at=clock.now(), progress=progress)
    with runtime.database.transaction() as session:
        return results.write(session, announcement.find(session, draw_id), prepared, by=by, at=clock.now())


def _name(runtime: Runtime, draw_id: str, draw_round: int, progress: Progress) -> Any:
    with runtime.database.reading() as session:
        persons = results.whose(session, announcement.find(session, draw_id), draw_round, progress=progress)
    with runtime.database.transaction() as session:
        results.name(session, announcement.find(session, draw_id), draw_round, persons, at=clock.now())
    return len(persons)
