"""From the history to the queue: raised once, shown to the hospital alone, decided once, and nothing else changes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.errors import Refused
from app.jobs import integrity
from app.models import Completion, Event, IntegrityDecision, IntegrityFlag, Rating, RollupMark
from app.models.kinds import PROVIDER_SEES_EVENTS
from app.runtime import Runtime
from app.services import feed
from app.services.indicators.quarters import Quarter
from app.services.integrity import queue, watching
from app.services.ratings import search
from app.services.ratings.search import RatingFilter
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import ZONE, World

FAST = timedelta(seconds=3)


@pytest.fixture
def quarter() -> Quarter:
    return Quarter.at(clock.now().astimezone(ZONE).date()).before


def rate_at_once(world: World, quarter: Quarter, many: int, *, first: int = 10) -> None:
    for number in range(first, first + many):
        reported = quarter.begins(ZONE) + timedelta(days=number, hours=9)
        ticket = world.ticket("finished", reported_at=reported)
        with world.database.transaction() as session:
            done = session.scalars(select(Completion).where(Completion.ticket_id == ticket.id)).one()
            who = {"identity_id": world.nurse_identity.id, "person_id": world.nurse.id}
            session.add(
                Rating(completion_id=done.id, level=5, at=done.finished_at + FAST, counts=True, source="scan", **who)
            )


def look(runtime: Runtime, *, at: datetime | None = None) -> list[str]:
    integrity.look_at_all(runtime, at=at or clock.now())
    with runtime.database.reading() as session:
        return list(session.scalars(select(IntegrityFlag.signal).order_by(IntegrityFlag.id)))


def test_what_is_seen_is_raised_once_and_again_when_there_is_twice_as_much(
    world: World, runtime: Runtime, quarter: Quarter
) -> None:
    rate_at_once(world, quarter, 3)
    assert look(runtime) == ["within_seconds"]
    with world.database.transaction() as session:
        flag = session.scalars(select(IntegrityFlag)).one()
        assert flag.day == quarter.first + timedelta(days=12)  # with the third of them
        assert len(flag.evidence["answers"]) == flag.found == 3
        told = session.scalars(select(Event).where(Event.kind == "signal_raised")).one()
        assert told.data is not None
        assert told.data["engineer"] == world.engineer.id
    rate_at_once(world, quarter, 3, first=30)
    with world.database.transaction() as session:
        session.get_one(RollupMark, watching.NAME).until = quarter.first  # from the beginning again
    assert look(runtime).count("within_seconds") == 2


def test_starting_again_from_the_first_day_raises_nothing_new(world: World, runtime: Runtime, quarter: Quarter) -> None:
    rate_at_once(world, quarter, 4)
    before = look(runtime)
    with world.database.transaction() as session:
        mark = session.get_one(RollupMark, watching.NAME)
        mark.until, mark.seq = quarter.first, 0
    assert look(runtime) == before


def test_the_hospital_reads_decides_once_and_no_figure_moves(
    world: World, runtime: Runtime, quarter: Quarter, console: Console
) -> None:
    rate_at_once(world, quarter, 3)
    look(runtime)
    with world.database.reading() as session:
        flag, before = session.scalars(select(IntegrityFlag.id)).one(), search.figure(session, RatingFilter())
    page, client = f"/console/integrity/{flag}", console(world.supervisor)
    assert "完成后数秒内评价" in client.get("/console/integrity").text
    shown = client.get(page).text
    assert "8 秒内" in shown
    assert shown.count('class="rating"') == 3
    assert send(client, page, page, outcome="confirmed", note=" ").status_code == 422
    assert send(client, page, page, outcome="confirmed", note="手机在工程师手里").status_code == 303
    assert not offers(client, page, page)
    with pytest.raises(Refused, match="signal_decided_before"), world.database.transaction() as session:
        queue.decide(session, flag, outcome="watched", note="x", by=world.admin.id, at=clock.now())
    assert "属实" in client.get("/console/integrity?show=decided").text
    with world.database.reading() as session:
        assert search.figure(session, RatingFilter()) == before
        assert queue.waiting(session) == 0
        assert session.scalars(select(IntegrityDecision.outcome)).all() == ["confirmed"]
        assert session.scalars(select(Event.data).where(Event.kind == "signal_decided")).one() == {
            "flag": flag,
            "outcome": "confirmed",
        }


def test_the_auditor_reads_it_the_provider_does_not(
    world: World, runtime: Runtime, quarter: Quarter, console: Console
) -> None:
    rate_at_once(world, quarter, 3)
    look(runtime)
    with world.database.reading() as session:
        page = f"/console/integrity/{session.scalars(select(IntegrityFlag.id)).one()}"
    assert not offers(console(world.auditor), page, page)
    assert console(world.auditor).get(page).status_code == 200
    assert {console(world.desk).get(path).status_code for path in (page, "/console/integrity")} == {403}
    assert {"signal_raised", "signal_decided"}.isdisjoint(PROVIDER_SEES_EVENTS)


def test_of_two_workers_who_looked_at_a_day_the_second_raises_nothing(
    world: World, runtime: Runtime, quarter: Quarter
) -> None:
    rate_at_once(world, quarter, 3)
    at = clock.now()
    with world.database.transaction() as session:
        feed.number(session)
    for _ in range(3):  # the three days
        with world.database.reading() as session:
            seen = watching.look(session, zone=ZONE, at=at)
        assert seen is not None
        with world.database.transaction() as session:
            raised = watching.take(session, seen, zone=ZONE, at=at)
        with world.database.transaction() as session:
            assert watching.take(session, seen, zone=ZONE, at=at) == []
    assert [flag.signal for flag in raised] == ["within_seconds"]
