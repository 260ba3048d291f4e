"""An engineer and the provider's manager read every figure, every day of a quarter, and can tell no single rating."""

import random  # noqa: TID251 seeded: the same quarter every time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert, select

from app import clock
from app.db import Database
from app.models import Completion, Employment, Post, Rating, RatingCorrection, RatingExclusion, Ticket
from app.services.dashboards import own_figures
from app.services.indicators.quarters import Quarter
from app.services.privacy import erasure
from app.services.privacy.data.subject import Subject
from supervision.release import Shown
from tests.conftest import Console, Phone
from tests.support.world import ZONE, World

QUARTER = Quarter(2026, 1)
BEGINS = datetime(2026, 1, 1, tzinfo=ZONE)
NOON = timedelta(hours=12)
Read = list[tuple[date, Shown | None]]


@dataclass(frozen=True)
class Given:
    at: datetime
    level: int
    corrected: int | None = None
    aside: bool = False


def quarter_of(seed: int, many: int) -> list[Given]:
    """Ratings at any hour, some a moment before or after midnight of a Monday; many satisfied, some not."""
    dice = random.Random(seed)
    moments = [BEGINS + timedelta(minutes=dice.randrange(80 * 24 * 60)) for _ in range(many - 4)]
    monday = BEGINS + timedelta(days=4 + 14)
    moments += [monday - timedelta(days=1, microseconds=n) for n in (0, 1)]
    moments += [monday - timedelta(days=1) + timedelta(microseconds=n) for n in (0, 1)]
    levels = [dice.choice([5, 5, 5, 4, 4, 3, 2, 1]) for _ in moments]
    return [Given(at, level) for at, level in zip(sorted(moments), levels, strict=True)]


def test_a_rating_moves_nothing_until_a_monday_and_four_others_came(world: World) -> None:
    write(world, quarter_of(3, 60))
    seen = read(world, each=True)
    moved = [day for (_before, then), (day, now) in pairwise(seen) if now != then]
    assert len(moved) >= 4
    assert {day.weekday() for day in moved} == {0}
    sizes = [one.n for _day, one in seen if one]
    assert all(after - before >= 5 for before, after in pairwise(sizes) if after != before)


@pytest.mark.slow("a quarter is read for each of its ratings")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", ["worst", "best", "hour"])
def test_the_same_figures_come_of_other_ratings(world: World, database: Database, change: str) -> None:
    """Of every fourth rating: some other quarter, in which just this one is another, shows the very same all along."""
    given = quarter_of(5, 45)
    observed = shown_of(given)
    for place in range(0, len(given), 4):
        assert any(shown_of(other) == observed for other in others(given, place, change)), (place, change)
    write(world, given)
    assert [one for _day, one in read(world)] == observed


def test_corrections_exclusions_and_erasures_move_nothing_that_was_shown(world: World) -> None:
    given = quarter_of(8, 40)
    plain = shown_of(given)
    late = [replace(one, aside=n % 4 == 0) for n, one in enumerate(given)]
    ids = write(world, late)
    assert [one for _day, one in read(world)] == plain
    corrected = [replace(one, corrected=5) if n == 7 else one for n, one in enumerate(given)]
    with world.database.transaction() as session:
        session.add(RatingCorrection(rating_id=ids[7], level=5, at=given[7].at + timedelta(hours=23)))
    assert [one for _day, one in read(world)] == shown_of(corrected)
    before = read(world)
    with world.database.transaction() as session:
        subject = Subject(world.nurse.id, (world.nurse_identity.id,))
        erasure.erase(session, subject, by=world.admin.id, keys=["k" * 32], at=clock.now())
    assert read(world) == before


def test_a_team_of_one_shows_no_more_than_its_engineer(world: World) -> None:
    write(world, quarter_of(3, 60))
    for day in days():
        at = datetime.combine(day, datetime.min.time(), tzinfo=ZONE) + NOON
        with world.database.reading() as session:
            everybody = [world.engineer.id, world.second_engineer.id]
            own = own_figures.of_engineers(session, everybody, QUARTER, zone=ZONE, at=at)
            (team,) = own_figures.teams(session, world.provider.id, QUARTER, zone=ZONE, at=at)
        assert team.answers == sum(one.n for one in own.values())
        assert sorted(team.bands.items()) == sorted({one.band: 1 for one in own.values()}.items())
        assert team.waiting == 2 - len(own)


def test_pages_say_what_would_raise_it(world: World, phone: Phone, console: Console) -> None:
    for _ in range(3):
        world.ticket("finished")
    engineer = phone(world.engineer_identity).get("/engineer/figures").text
    assert all(text in engineer for text in ("评价还不够多", "怎样提高", "一次修好", "3 张里 3 张", "3 张里 0 张"))
    assert console(world.desk).get("/console/teams").status_code == 404
    with world.database.transaction() as session:
        session.add(manager := Post(code="manager", name="项目经理", provider_id=world.provider.id))
        session.flush()
        job = session.scalars(select(Employment).where(Employment.person_id == world.desk.id)).one()
        job.post_id = manager.id
    shown = console(world.desk)
    assert all(text in shown.get("/console/teams").text for text in ("驻场组", "2 人还不够多", "要办的事", "3 次"))
    assert 'href="/console/teams"' in shown.get("/console").text
    assert console(world.supervisor).get("/console/teams").status_code == 404


def others(given: Sequence[Given], place: int, change: str) -> list[list[Given]]:
    """Quarters in which this rating is of the worst level, the best, or came at another hour; one other may differ."""
    one = given[place]
    if change == "hour":
        return [
            [*given[:place], replace(one, at=one.at + timedelta(hours=n)), *given[place + 1 :]] for n in (-5, 5, -2, 2)
        ]
    told = [*given[:place], replace(one, level=1 if change == "worst" else 5), *given[place + 1 :]]
    nearest = sorted((n for n in range(len(given)) if n != place), key=lambda n: abs(n - place))
    level = 5 if change == "worst" else 1
    swapped = [
        [replace(other, level=level) if n == away else other for n, other in enumerate(told)] for away in nearest
    ]
    return [told, *swapped]


def shown_of(given: Sequence[Given]) -> list[Shown | None]:
    """What the figures are, day by day, of these ratings alone: the service's own rule without a database."""
    rated = [own_figures.Rated(one.at + own_figures.SETTLED, (one.corrected or one.level) >= 4) for one in given]
    return [own_figures.shown_at(rated, zone=ZONE, at=at_noon(day)) for day in days()]


def days(*, each: bool = False) -> list[date]:
    """The quarter's, and the first Mondays after it; each of them, or the Mondays, when alone something moves."""
    found = [BEGINS.date() + timedelta(days=n) for n in range(QUARTER.days + 14)]
    return [day for day in found if each or day.weekday() == 0]


def at_noon(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=ZONE) + NOON


def read(world: World, *, each: bool = False) -> Read:
    """The engineer's figure at noon, day by day."""
    with world.database.reading() as session:
        person = world.engineer.id
        return [
            (day, own_figures.of_engineers(session, [person], QUARTER, zone=ZONE, at=at_noon(day)).get(person))
            for day in days(each=each)
        ]


def write(world: World, given: Sequence[Given]) -> list[int]:
    rows: dict[type[Any], list[dict[str, Any]]] = {Ticket: [], Completion: [], Rating: [], RatingExclusion: []}
    for number, one in enumerate(given, start=1):
        done = {"lead_id": world.engineer.id, "department_id": world.ward.id, "finished_at": one.at}
        rows[Ticket].append(
            {"id": number, "number": f"F{number}", "source": "wechat", "state": "finished", "reported_at": one.at,
             "updated_at": one.at, "served_person_id": world.nurse.id, **done}
        )  # fmt: skip
        rows[Completion].append({"id": number, "ticket_id": number, "cycle": 1, "rateable": True, **done})
        rows[Rating].append(
            {"id": number, "completion_id": number, "level": one.level, "at": one.at, "counts": True, "source": "scan",
             "identity_id": world.nurse_identity.id, "person_id": world.nurse.id}
        )  # fmt: skip
        if one.aside:
            why = {"reason": "mistaken", "note": "x", "by_id": world.supervisor.id, "at": one.at + timedelta(days=9)}
            rows[RatingExclusion].append({"rating_id": number, **why})
    with world.database.transaction() as session:
        for model, of_it in rows.items():
            if of_it:
                session.execute(insert(model), of_it)
    return [row["id"] for row in rows[Rating]]
