"""The worker takes a draw's steps by itself, whatever was missed, and never two at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.jobs import draws as jobs
from app.models import DrawCheckpoint, DrawWinner, Event
from app.runtime import Runtime
from app.services.draws import claims, public_page
from tests.draws.story import CLOSED, COMMITTED, DRAWN, DURING, EXPIRED, REDRAWN, Story


def test_a_checkpoint_a_day_while_ratings_are_collected(story: Story, runtime: Runtime) -> None:
    story.now_is(DURING + timedelta(days=20)).people(7)
    story.announce()
    for _ in range(2):
        jobs.look_once(runtime)
    with story.database.reading() as session:
        [checkpoint] = session.scalars(select(DrawCheckpoint)).all()
        kinds = session.scalars(select(Event.kind).where(Event.subject == "draw").order_by(Event.id)).all()
    assert (checkpoint.entries, checkpoint.tickets) == (7, 10)
    assert kinds == ["announced", "checkpoint"]


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (CLOSED - timedelta(minutes=5), "collecting"),
        (CLOSED + timedelta(minutes=1), "closed"),
        (CLOSED + timedelta(minutes=2, seconds=1), "committed"),
        (COMMITTED + timedelta(hours=3, minutes=1), "closed"),
    ],
)
def test_the_list_is_committed_at_the_close_and_not_after_its_time(
    story: Story, runtime: Runtime, moment: datetime, state: str
) -> None:
    story.now_is(moment).people(5)
    story.announce()
    jobs.look_once(runtime)
    assert state_of(story, moment) == state


def test_the_result_comes_by_itself_once_the_numbers_stand(story: Story, runtime: Runtime) -> None:
    story.now_is(DRAWN).people(10)
    story.announce()
    story.commit()
    jobs.look_once(runtime)
    assert state_of(story, DRAWN) == "committed"
    story.type_numbers()
    jobs.look_once(runtime)
    assert state_of(story, DRAWN) == "drawn"
    with story.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DrawWinner)) == 6


def test_what_nobody_claimed_expires_and_is_drawn_once_more(story: Story, runtime: Runtime) -> None:
    story.now_is(EXPIRED).drawn(10)
    jobs.look_once(runtime)
    with story.drawing() as (session, draw):
        assert {claim.state for claim in claims.settled_of(session, draw, 1)} == {"expired"}
    story.type_numbers(2, at=REDRAWN + story.shift)
    story_now = REDRAWN + story.shift
    result = story.run(2, at=story_now)
    assert sum(len(tier["winners"]) for tier in result["tiers"]) == 4
    jobs.look_once(runtime)
    assert state_of(story, REDRAWN) == "redrawn"


def test_two_workers_at_once_commit_once(story: Story, runtime: Runtime) -> None:
    story.now_is(COMMITTED).people(20)
    story.announce()
    with ThreadPoolExecutor(4) as workers:
        for done in [workers.submit(jobs.look_once, runtime) for _ in range(4)]:
            done.result()
    with story.drawing() as (session, draw):
        page = public_page.page(session, draw, at=COMMITTED + story.shift)
        kinds = session.scalars(select(Event.kind).where(Event.subject == "draw")).all()
    assert page.commit is not None
    assert kinds.count("committed") == 1


def state_of(story: Story, moment: datetime) -> str:
    with story.drawing() as (session, draw):
        return public_page.state(session, draw, at=moment + story.shift)
