"""To one person one letter at a time, the oldest first, whatever happens to the channels; to others meanwhile."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.jobs.loop import SWEEP
from app.models import Notice
from app.services.notices import channels, queue
from app.services.notices.delivery import Attempt
from tests.support.letters import Letters
from tests.support.wechat import SEND, Sandbox

Claim = Callable[..., list[Attempt]]


def test_to_one_person_one_letter_is_on_its_way(letters: Letters, claim: Claim) -> None:
    letters.backlog(3)
    letters.backlog(2, to=[letters.world.nurse])
    first = claim()
    assert [one.notice_id for one in first] == [letters.all()[0].id, letters.all()[3].id]
    assert claim() == []


def test_a_worker_is_not_kept_busy_by_letters_that_wait_behind_others(letters: Letters, claim: Claim) -> None:
    letters.backlog(3)
    assert len(claim()) == 1
    with letters.world.database.reading() as session:
        due = queue.next_due(session)
    assert due is not None
    assert due > clock.now() + timedelta(seconds=20)  # the end of the lease


def test_behind_a_letter_that_waits_for_a_busy_channel_the_later_ones_wait(letters: Letters, sandbox: Sandbox) -> None:
    letters.backlog(2)
    sandbox.trouble(SEND, next_errors=[-1])
    letters.round()
    letters.due(timedelta(seconds=50))
    letters.backlog(2)
    assert letters.round() > timedelta()
    assert [one.state for one in letters.all()] == ["waiting"] * 4
    letters.pass_time(timedelta(seconds=51))
    letters.rounds()
    assert in_order(letters, sandbox) == [4]


@pytest.mark.parametrize("reason", ["quiet", "minute_limit", "stopped"])
def test_who_waits_for_something_else_lets_the_later_ones_pass(reason: str, letters: Letters) -> None:
    letters.backlog(1)
    with letters.world.database.transaction() as session:
        session.execute(update(Notice).values(reason=reason, next_try_at=clock.now() + timedelta(hours=8)))
    letters.backlog(2)
    letters.rounds()
    assert [one.state for one in letters.all()] == ["waiting", "sent", "sent"]


@pytest.mark.slow("a worker's rounds for ten minutes")
def test_wechat_gone_for_ten_minutes_everything_arrives_afterwards_in_order_and_once(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    people = letters.crowd(3)
    cut_off = letters.another({**environ, "WECHAT_API_URL": "http://127.0.0.1:9"})
    for _ in range(10):
        letters.backlog(4, to=people)
        letters.rounds(cut_off)
        letters.pass_time(SWEEP)
    assert sandbox.messages() == []
    assert {one.state for one in letters.all()} == {"waiting"}
    letters.due()
    letters.rounds()
    assert {one.state for one in letters.all()} == {"sent"}
    assert sorted(in_order(letters, sandbox)) == [10, 10, 20]


@pytest.mark.slow("two workers")
def test_two_workers_keep_the_order_too(letters: Letters, environ: Mapping[str, str], sandbox: Sandbox) -> None:
    letters.backlog(60, to=letters.crowd(4))
    sandbox.trouble(SEND, latency_before=0.02)
    workers = [letters.another(environ) for _ in range(2)]

    def work(runtime: object) -> None:
        while any(one.state != "sent" for one in letters.all()):
            letters.round(runtime)  # type: ignore[arg-type]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, workers))
    assert in_order(letters, sandbox) == [15] * 4


def in_order(letters: Letters, sandbox: Sandbox) -> list[int]:
    """How many messages each person got, all of them in the order in which the notices were written."""
    written = [one.client_msg_id for one in letters.all()]
    got: defaultdict[str, list[int]] = defaultdict(list)
    for message in reversed(sandbox.messages()):
        got[message["openid"]].append(written.index(message["client_msg_id"]))
    assert all(mine == sorted(set(mine)) for mine in got.values())
    return [len(mine) for mine in got.values()]


@pytest.fixture
def claim(letters: Letters) -> Claim:
    def take() -> list[Attempt]:
        with letters.world.database.transaction() as session:
            ladder = channels.channel_order(letters.runtime.settings)
            return queue.claim(session, ladder, at=clock.now(), most=10)

    return take
