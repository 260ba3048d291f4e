"""Every day while ratings are collected: how many are in, and the root of the list as it would be."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Refused
from app.models import Draw, DrawCheckpoint
from app.services.draws import eligibility, events, keys, merkle_list, published_files
from app.services.draws.merkle_list import Leaves, Progress

A_WEEK, FEWEST = timedelta(days=7), 5  # new people


def prepare(
    session: Session, draw: Draw, *, zone: ZoneInfo, at: datetime, progress: Progress = lambda _done: None
) -> Leaves:
    if not draw.opens <= at < draw.closes:
        raise Refused("not_collecting")
    found = eligibility.find(
        session, draw, cap=published_files.announced(session, draw)["cap"], zone=zone, progress=progress
    )
    return merkle_list.build(keys.load(session, draw).key, draw.draw_id, found.people, progress)


def write(session: Session, draw: Draw, made: Leaves, *, by: int | None, day: date, at: datetime) -> DrawCheckpoint:
    """One a day: the first stands."""
    root = made.root.hex()
    values = {"entries": made.entries, "tickets": made.tickets, "root": root, "at": at}
    if insert_first(session, DrawCheckpoint, draw_id=draw.id, day=day, **values) is not None:
        events.record(session, draw, "checkpoint", by=by, at=at, day=day.isoformat(), root=root)
    return session.get_one(DrawCheckpoint, (draw.id, day))


def published(written: Sequence[DrawCheckpoint]) -> list[DrawCheckpoint]:
    """Those that are published (law 11), root and all.

    From one more person a day, from a root that is another one than yesterday's, or from the very day on which enough
    had come, an engineer would know who has rated them: so only every seventh day, and only if enough have come by
    then. The auditor has every day's in the history.
    """
    found: list[DrawCheckpoint] = []
    for one in written:
        weekly = (one.day - written[0].day) % A_WEEK == timedelta()
        if weekly and one.entries - (found[-1].entries if found else 0) >= FEWEST:
            found.append(one)
    return found


def all_of(session: Session, draw: Draw) -> list[DrawCheckpoint]:
    query = select(DrawCheckpoint).where(DrawCheckpoint.draw_id == draw.id)
    return list(session.scalars(query.order_by(DrawCheckpoint.day)))
