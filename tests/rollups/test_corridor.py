"""The corridor's figures are what plain Python counts over the raw rows, whenever and in whatever order they came."""

import random  # noqa: TID251 seeded: the same story every time
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from app.db import Database
from app.jobs import rollups as job
from app.models import (
    CaseRating,
    Completion,
    CorridorDay,
    CorridorQuarter,
    CountedRating,
    Event,
    Person,
    Rating,
    RatingCorrection,
    RatingDetail,
    RatingExclusion,
    ServiceCase,
    Ticket,
)
from app.runtime import Runtime
from app.services import events
from app.services.dashboards import corridor
from app.services.rollups.corridor import Place
from supervision.samples import between
from tests.support.world import ZONE, World

FIRST = datetime(2026, 3, 20, tzinfo=ZONE)  # the quarter changes within
NOW = FIRST + timedelta(days=24)
QUARTERS = (date(2026, 1, 1), date(2026, 4, 1))
STEPS = ("reported", "dispatched", "accepted", "arrived", "finished")


def test_every_figure_is_what_plain_python_counts(world: World, runtime: Runtime) -> None:
    story(world, 60)
    roll(runtime)
    compare(world, runtime)
    more = random.Random(5)
    with world.database.transaction() as session:
        rated = session.scalars(select(CountedRating.rating_id).order_by(CountedRating.rating_id)).all()
        known = set(session.scalars(select(RatingCorrection.rating_id)))
        for rating in [one for one in rated if one not in known][:5]:
            session.add(RatingCorrection(rating_id=rating, level=1, at=NOW))
            told(session, rating, "corrected")
        aside = set(session.scalars(select(RatingExclusion.rating_id)))
        for rating in [one for one in rated if one not in aside][:3]:
            why = {"reason": "mistaken", "note": "x", "by_id": world.supervisor.id, "at": NOW}
            session.add(RatingExclusion(rating_id=rating, **why))
            told(session, rating, "rating_excluded")
        for case in session.scalars(select(ServiceCase).where(ServiceCase.answered_at.is_(None)).limit(3)):
            case.answered_at = case.opened_at + timedelta(hours=more.randrange(40))
            about = events.About(case.id, case.ticket_id, case.cycle)
            events.append(session, about, "case_answered", by=None, at=NOW, channel="test", data={"case": case.id})
        # A job type that changes later changes nothing of what was done before.
        session.execute(update(Person).where(Person.id == world.nurse.id).values(job_type="护士长"))
    before = compare_later(world)
    roll(runtime)
    compare(world, runtime, jobs=before)


def test_the_recount_names_what_differs_and_mends_it(world: World, app: Flask, runtime: Runtime) -> None:
    story(world, 12)
    roll(runtime)
    ask = app.test_cli_runner().invoke
    assert ask(args=["ratings", "recount"]).exit_code == 0
    with world.database.transaction() as session:
        session.execute(update(CorridorDay).where(CorridorDay.day == FIRST.date()).values(figures={"parts": []}))
        session.execute(update(CorridorQuarter).where(CorridorQuarter.quarter == QUARTERS[1]).values(figures={}))
    told_ = ask(args=["ratings", "recount"])
    assert (told_.exit_code, told_.stdout.splitlines()[:2]) == (1, ["2026-01-01", "2026-03-20"])
    ask(args=["ratings", "recount", "--yes"])
    ask(args=["ratings", "recount", "--yes"])
    assert ask(args=["ratings", "recount"]).exit_code == 0
    compare(world, runtime)


def compare(world: World, runtime: Runtime, *, jobs: dict[int, str] | None = None) -> None:
    wards = (0, world.ward.id, world.pharmacy.id)
    teams, categories = (0, world.team.id), (0, world.printers.id, world.network.id)
    places = [Place(ward, job_, team, category, campus)
              for ward in wards for job_ in ("*", "护士", "医生") for team in teams
              for category in categories for campus in (0, world.campus.id)]  # fmt: skip
    raw = Raw(world.database, jobs)
    with world.database.reading() as session:
        for quarter in QUARTERS:
            for place in places:
                assert corridor.figures_of(session, quarter, place) == +raw.count(quarter, place), (quarter, place)
    told_of = raw.count(QUARTERS[1], Place())
    assert all(told_of[name] for name in ("completions", "arrived.timed", "overall.5", "reason.late"))


def compare_later(world: World) -> dict[int, str]:
    return dict.fromkeys([world.nurse.id], "护士")


class Raw:
    """All rows as they are, counted one after the other."""

    def __init__(self, database: Database, jobs: dict[int, str] | None) -> None:
        with database.reading() as session:
            self.completions = session.scalars(select(Completion)).all()
            self.tickets = {row.id: row for row in session.scalars(select(Ticket))}
            self.jobs = {row.id: row.job_type for row in session.scalars(select(Person))} | (jobs or {})
            self.ratings = {row.id: row for row in session.scalars(select(Rating))}
            self.counted = {row.completion_id: row.rating_id for row in session.scalars(select(CountedRating))}
            self.second = {row.rating_id: row.level for row in session.scalars(select(RatingCorrection))}
            self.details = {row.rating_id: row for row in session.scalars(select(RatingDetail))}
            self.aside = set(session.scalars(select(RatingExclusion.rating_id)))
            self.cases = session.scalars(select(ServiceCase)).all()
            self.again = {
                row.case_id: row.level for row in session.scalars(select(CaseRating).order_by(CaseRating.recovery))
            }
            self.nodes: dict[tuple[int, int, str], datetime] = {}
            for event in session.scalars(select(Event).order_by(Event.at)):
                if event.ticket_id is not None and event.cycle is not None:
                    self.nodes.setdefault((event.ticket_id, event.cycle, event.kind), event.at)

    def count(self, quarter: date, place: Place) -> Counter[str]:
        found: Counter[str] = Counter()
        for row in self.completions:
            if inside(row.finished_at, quarter) and self.fits(row, place):
                self.add(found, row)
        by_cycle: dict[Any, Completion] = {(row.ticket_id, row.cycle): row for row in self.completions}
        for case in self.cases:
            done = by_cycle[case.ticket_id, case.cycle]
            if inside(case.opened_at, quarter) and self.fits(done, place):
                found[f"case.{case.reason}"] += 1
                if case.rating_id:
                    found[f"complaint.{self.level(case.rating_id)}"] += 1
                if case.id in self.again:
                    found[f"recovery.{self.again[case.id]}"] += 1
                lasted(found, "complaint", case.opened_at, case.answered_at)
                lasted(found, "recovery", case.answered_at, case.closed_at)
        return found

    def fits(self, row: Completion, place: Place) -> bool:
        job_ = self.jobs[self.tickets[row.ticket_id].served_person_id or 0]
        own = (row.department_id, job_, row.team_id, row.category_id, row.campus_id)
        return all(asked in (0, "*", has) for asked, has in zip(place.__dict__.values(), own, strict=True))

    def level(self, rating: int) -> int:
        return self.second.get(rating, self.ratings[rating].level)

    def add(self, found: Counter[str], row: Completion) -> None:
        found["completions"] += 1
        reported, dispatched, accepted, arrived, finished = (
            self.nodes.get((row.ticket_id, row.cycle, kind)) for kind in STEPS
        )
        lasted(found, "report", reported, dispatched)
        lasted(found, "accepted", dispatched, accepted)
        lasted(found, "arrived", accepted, arrived)
        lasted(found, "handled", arrived or accepted, finished)
        rating = self.counted.get(row.id)
        if rating is None:
            return
        lasted(found, "result", finished, self.ratings[rating].at)
        found[f"overall.{self.level(rating)}"] += 1
        found[f"aside.{self.level(rating)}"] += rating in self.aside
        if detail := self.details.get(rating):
            found.update(f"{code}.{level}" for code, level in detail.faces.items())
            found.update(f"reason.{code}" for code in detail.reasons["codes"])


def lasted(found: Counter[str], stage: str, start: datetime | None, end: datetime | None) -> None:
    if start and end and end >= start:
        found[f"{stage}.timed"] += 1
        found[f"{stage}.seconds"] += int((end - start).total_seconds())


def inside(at: datetime, quarter: date) -> bool:
    day = at.astimezone(ZONE).date()
    return (day.year, (day.month - 1) // 3) == (quarter.year, (quarter.month - 1) // 3)


def told(session: Any, rating: int, kind: str) -> None:
    done = session.scalars(select(Completion).join(Rating).where(Rating.id == rating)).one()
    about = events.About(rating, done.ticket_id, done.cycle)
    events.append(session, about, kind, by=None, at=NOW, channel="test", data={"rating": rating})


def story(world: World, many: int) -> None:
    """Tickets with their nodes, most rated, some in detail, corrected, set aside, some with a case and a recovery."""
    dice = random.Random(11)
    with world.database.transaction() as session:
        session.execute(update(Person).where(Person.id == world.nurse.id).values(job_type="护士"))
        session.execute(update(Person).where(Person.id == world.doctor.id).values(job_type="医生"))
    rows: dict[type[Any], list[dict[str, Any]]] = {}
    nodes: list[dict[str, Any]] = []
    for number in range(1, many + 1):
        at = FIRST + timedelta(minutes=(number - 1) * (23 * 24 * 60) // many)
        one_ticket(world, dice, number, at, rows, nodes)
    order = [Ticket, Completion, Rating, RatingCorrection, RatingDetail, RatingExclusion, ServiceCase, CaseRating]
    with world.database.transaction() as session:
        for model in order:
            if model is Rating:
                events.append_all(session, nodes)
            session.execute(insert(model), rows[model])


def one_ticket(
    world: World,
    dice: random.Random,
    number: int,
    at: datetime,
    rows: dict[type[Any], list[dict[str, Any]]],
    nodes: Any,
) -> None:
    def add(model: type[Any], **values: Any) -> None:
        rows.setdefault(model, []).append(values)

    ward, served = dice.choice([(world.ward, world.nurse), (world.pharmacy, world.doctor), (None, world.nurse)])
    place = {
        "department_id": ward.id if ward else None,
        "category_id": dice.choice([world.printers.id, world.network.id, None]),
    }
    team = dice.choice([world.team.id, None])
    moments = [at + timedelta(minutes=step * dice.randrange(5, 30)) for step in range(5)]
    skipped = {"arrived"} if dice.random() < 0.3 else set()
    for kind, moment in zip(STEPS, moments, strict=True):
        if kind not in skipped:
            nodes.append({"ticket_id": number, "cycle": 1, "kind": kind, "state": kind, "actor_id": None, "at": moment,
                          "recorded_at": moment, "channel": "test", "data": None})  # fmt: skip
    add(Ticket, id=number, number=f"R{number}", source="wechat", state="finished", served_person_id=served.id,
        reported_at=at, updated_at=at, finished_at=moments[-1], team_id=team, **place)  # fmt: skip
    campus = dice.choice([world.campus.id, None])
    add(Completion, id=number, ticket_id=number, cycle=1, rateable=True, finished_at=moments[-1], team_id=team,
        campus_id=campus, **place)  # fmt: skip
    if number <= 10 or dice.random() < 0.8:
        rate(world, dice, number, moments[-1] + timedelta(hours=dice.randrange(100)), add)


def rate(world: World, dice: random.Random, number: int, rated: datetime, add: Any) -> None:
    level = dice.choice([5, 5, 4, 3, 2, 1])
    add(Rating, id=number, completion_id=number, level=level, at=rated, identity_id=world.nurse_identity.id,
        person_id=world.nurse.id, counts=number < 5 or dice.random() < 0.9, source="scan")  # fmt: skip
    if number in {1, 2} or dice.random() < 0.2:
        add(RatingCorrection, rating_id=number, level=dice.choice([1, 5]), at=rated)
    if number == 1 or dice.random() < 0.6:
        faces = {code: dice.randrange(1, 6) for code in ("report", "arrived", "handled") if dice.random() < 0.7}
        add(RatingDetail, rating_id=number, reasons={"codes": ["late", "rude"][: dice.randrange(3)]}, quality={},
            faces=faces, comment="", praise="", praised_id=None, checked="", pressed=False, at=rated)  # fmt: skip
    if number == 1 or dice.random() < 0.2:
        add(RatingExclusion, rating_id=number, reason="mistaken", note="x", by_id=world.supervisor.id, at=rated)
    if number == 1 or level <= 2:
        answered = rated + timedelta(hours=dice.randrange(30)) if dice.random() < 0.6 else None
        add(ServiceCase, id=number, reason="low_score", about="ticket", ticket_id=number, cycle=1, rating_id=number,
            person_id=world.nurse.id, source="scan", opened_at=rated, stage="received", acts=0, calls=0, recoveries=0,
            answered_at=answered, hidden=False, pressed=False, closed_by="")  # fmt: skip
        if number == 1 or dice.random() < 0.5:
            add(CaseRating, case_id=number, recovery=1, level=dice.randrange(1, 6), at=rated)


def roll(runtime: Runtime) -> None:
    while job.roll(runtime, at=NOW):
        pass


def test_only_a_change_that_is_more_than_chance_is_called_one() -> None:
    few, many = between((1, 10), (3, 10)), between((100, 1000), (300, 1000))
    assert few is not None
    assert few[0] < 0 < few[1]
    assert many is not None
    assert many[0] > 0
    one, all_ = between((5, 40), (15, 40)), between((5, 40), (15, 40), compared=200)
    assert one is not None
    assert all_ is not None
    assert one[0] > 0 > all_[0]
    assert between((0, 0), (1, 2)) is None


# Newcombe, R. G. (1998): Interval estimation for the difference between independent proportions, Table II, method 10.
@pytest.mark.parametrize(
    ("after", "before", "interval"),
    [((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090)), ((10, 10), (0, 20), (0.6791, 1.0))],
)
def test_the_interval_of_a_difference_is_newcombes(
    after: tuple[int, int], before: tuple[int, int], interval: tuple[float, float]
) -> None:
    found = between(before, after)
    assert found is not None
    assert [round(one, 4) for one in found] == pytest.approx(interval, abs=1e-4)
