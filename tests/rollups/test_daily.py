"""Ratings counted once by day: every figure is what the ratings say, whenever the days were counted."""

import random  # noqa: TID251 seeded: the same story every time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from app.db import Database
from app.jobs import rollups as job
from app.models import (
    Completion,
    CountedRating,
    Rating,
    RatingCorrection,
    RatingDay,
    RatingExclusion,
    RollupMark,
    Ticket,
    WeChatIdentity,
)
from app.runtime import Runtime
from app.services.identity import binding
from app.services.ratings import search
from app.services.ratings.search import Figure, RatingFilter
from app.services.rollups import daily
from app.services.rollups.daily import Scope, Sum
from tests.support.world import ZONE, World

FIRST = datetime(2026, 3, 2, tzinfo=ZONE)
NOW = FIRST + timedelta(days=30)
DAY = timedelta(days=1)


def test_every_figure_is_that_of_the_ratings(world: World, runtime: Runtime) -> None:
    story(world, 80)
    spans = [(None, None), (FIRST, None), (None, NOW), (FIRST + 3 * DAY, FIRST + 20 * DAY), (NOW - 2 * DAY, NOW)]
    spans.append((FIRST + timedelta(days=4, hours=7), FIRST + timedelta(days=12, minutes=3)))
    scopes = [
        RatingFilter(department_id=ward, engineer_id=lead, since=since, until=until)
        for ward, lead in (
            (None, None),
            (world.ward.id, None),
            (world.pharmacy.id, world.engineer.id),
            (None, world.second_engineer.id),
        )
        for since, until in spans
    ]
    plain = [plainly(world.database, one) for one in scopes]
    assert plain[0].counted > 40
    assert plain[0].excluded > 2
    assert figures(world.database, scopes) == plain
    for at in (FIRST + 15 * DAY, NOW, NOW + 40 * DAY):
        roll(runtime, at)
        assert figures(world.database, scopes) == plain


def test_only_days_that_are_old_enough_are_kept(world: World, runtime: Runtime) -> None:
    story(world, 20)
    roll(runtime, NOW + timedelta(hours=5))
    assert last_day(world.database) == (NOW - 9 * DAY).date()
    roll(runtime, NOW + timedelta(hours=23, minutes=59))
    assert last_day(world.database) == (NOW - 9 * DAY).date()
    roll(runtime, NOW + DAY)
    assert last_day(world.database) == (NOW - 8 * DAY).date()


def test_where_nobody_has_rated_there_is_nothing_to_count(world: World, runtime: Runtime) -> None:
    roll(runtime, NOW)
    with world.database.reading() as session:
        assert daily.total(session, Scope()) == Sum()
        assert session.get(RollupMark, daily.NAME) is None


def test_who_is_bound_late_counts_on_the_old_day(world: World, runtime: Runtime) -> None:
    """The supervisor's yes came when the day was in the roll-up; nothing tells the roll-up but the feed."""
    nurse = world.employ("9001", "新护士")
    [rating] = written(world, [FIRST], identity=world.stranger_identity, served=nurse.id, counts=False)
    roll(runtime, NOW)
    assert total(world.database) == Sum(0, 0)
    with world.database.transaction() as session:
        phone = session.get_one(WeChatIdentity, world.stranger_identity.id)
        binding.attach(session, phone, nurse.id, at=NOW, claimed_at=FIRST + DAY)
        assert session.scalar(select(CountedRating.rating_id)) == rating
    roll(runtime, NOW)
    assert total(world.database) == Sum(1, 1)
    assert day_of(world.database, FIRST.date(), world.ward.id, world.engineer.id) == Sum(1, 1)


def test_in_another_zone_it_starts_again(world: World, runtime: Runtime) -> None:
    story(world, 20)
    roll(runtime, NOW)
    tokyo = ZoneInfo("Asia/Tokyo")
    with world.database.transaction() as session:
        while daily.follow(session, zone=tokyo, at=NOW, most=10):
            pass
        for day in session.scalars(select(RatingDay.day).distinct()):
            assert daily.count_day(session, day, tokyo)[0, 0].counted == day_sum(session, day)
        assert session.get_one(RollupMark, daily.NAME).zone == "Asia/Tokyo"


def test_the_recount_names_a_day_that_differs_and_mends_it(world: World, app: Flask, runtime: Runtime) -> None:
    story(world, 20)
    roll(runtime, NOW)
    ask = app.test_cli_runner().invoke
    day = FIRST.date() + 4 * DAY
    with world.database.transaction() as session:
        session.execute(update(RatingDay).where(RatingDay.day == day).values(satisfied=99))
    told = ask(args=["ratings", "recount"])
    assert (told.exit_code, told.stdout.splitlines()[0]) == (1, "2026-03-06")
    with capture_logs() as logged:
        job.prove(runtime)
    assert [entry["days"] for entry in logged] == [["2026-03-06"]]
    assert ask(args=["ratings", "recount", "--yes", "--json"]).exit_code == 0
    assert ask(args=["ratings", "recount"]).exit_code == 0


def story(world: World, many: int) -> None:
    """So many ratings over a month: wards, engineers, levels, second thoughts, some that do not count or are set aside.

    Some are given just before and after the hospital's midnight.
    """
    dice = random.Random(8)
    moments = [FIRST + timedelta(minutes=dice.randrange(30 * 24 * 60)) for _ in range(many - 4)]
    edges = [FIRST + 5 * DAY + timedelta(microseconds=n) for n in (-1, 0)]
    written(world, [FIRST, *moments, *edges, NOW - timedelta(microseconds=1)], dice=dice)


def written(
    world: World,
    moments: Sequence[datetime],
    *,
    identity: WeChatIdentity | None = None,
    served: int | None = None,
    counts: bool | None = None,
    dice: random.Random | None = None,
) -> list[int]:
    """A finished ticket and its rating for each moment, a table at a time; the ratings' ids."""
    dice = dice or random.Random(3)
    phone = identity or world.nurse_identity
    rows: dict[type[Any], list[dict[str, Any]]] = {}
    for number, at in enumerate(moments, start=1):
        plain = identity is not None
        lead = world.engineer.id if plain else dice.choice([world.engineer.id, world.second_engineer.id, None])
        ward = world.ward.id if plain else dice.choice([world.ward.id, world.pharmacy.id, None])
        done = {"lead_id": lead, "department_id": ward, "finished_at": at}
        known = dice.random() < 0.8 if counts is None else counts
        ticket = {
            "id": number, "number": f"R{number}", "source": "wechat", "state": "finished",
            "served_person_id": served or world.nurse.id, "reported_at": at, "updated_at": at, **done,
        }  # fmt: skip
        rating = {
            "id": number, "completion_id": number, "level": 5 if plain else dice.choice([5, 5, 4, 3, 1]), "at": at,
            "identity_id": phone.id, "person_id": phone.person_id, "counts": known, "source": "scan",
        }  # fmt: skip
        rows.setdefault(Ticket, []).append(ticket)
        rows.setdefault(Completion, []).append(
            {"id": number, "ticket_id": number, "cycle": 1, "rateable": True, **done}
        )
        rows.setdefault(Rating, []).append(rating)
        if not plain and dice.random() < 0.2:
            second = {"rating_id": number, "level": dice.choice([1, 5]), "at": at + timedelta(hours=1)}
            rows.setdefault(RatingCorrection, []).append(second)
        if not plain and dice.random() < 0.2:
            why = {"reason": "mistaken", "note": "x", "by_id": world.supervisor.id}
            rows.setdefault(RatingExclusion, []).append({"rating_id": number, "at": at + DAY, **why})
    with world.database.transaction() as session:
        for model, of_it in rows.items():
            session.execute(insert(model), of_it)
    return [rating["id"] for rating in rows[Rating]]


def roll(runtime: Runtime, at: datetime) -> None:
    while job.roll(runtime, at=at.astimezone(runtime.settings.timezone)):
        pass


def figures(database: Database, scopes: Sequence[RatingFilter]) -> list[Figure]:
    with database.reading() as session:
        return [search.figure(session, one) for one in scopes]


def plainly(database: Database, wanted: RatingFilter) -> Figure:
    """Counted in Python, from the rows as they are."""
    with database.reading() as session:
        rows = session.execute(
            select(Rating.at, Rating.level, RatingCorrection.level, Completion.department_id, Completion.lead_id)
            .add_columns(RatingExclusion.rating_id)
            .join(Completion, Completion.id == Rating.completion_id)
            .join(CountedRating, CountedRating.rating_id == Rating.id)
            .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
            .outerjoin(RatingExclusion, RatingExclusion.rating_id == Rating.id)
        ).all()
    found = [0, 0, 0, 0]
    for at, first, second, ward, lead, excluded in rows:
        inside = (wanted.since is None or wanted.since <= at) and (wanted.until is None or at < wanted.until)
        if not inside or wanted.department_id not in (None, ward) or wanted.engineer_id not in (None, lead):
            continue
        content = (second or first) >= 4
        steps = (content, True, content and excluded is not None, excluded is not None)
        found = [count + step for count, step in zip(found, steps, strict=True)]
    return Figure(*found)


def total(database: Database) -> Sum:
    with database.reading() as session:
        return daily.total(session, Scope())


def last_day(database: Database) -> date | None:
    with database.reading() as session:
        return max(session.scalars(select(RatingDay.day)), default=None)


def day_of(database: Database, day: date, ward: int, lead: int) -> Sum:
    with database.reading() as session:
        row = session.get_one(RatingDay, (day, ward, lead))
        return Sum(row.counted, row.satisfied)


def day_sum(session: Any, day: date) -> int:
    found = session.get_one(RatingDay, (day, 0, 0)).counted
    assert isinstance(found, int)
    return found
