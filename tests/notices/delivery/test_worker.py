"""The worker as a process of its own: woken by the queue, killed at the worst moments, left without its queue."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from app.jobs.loop import SWEEP
from app.runtime import Runtime
from app.services.notices.delivery import LEASE
from tests.support.letters import Letters
from tests.support.processes import Installation
from tests.support.redis import running_redis
from tests.support.wechat import SEND, TOKEN, Sandbox

pytestmark = pytest.mark.slow("servers")


def test_a_dispatch_wakes_the_worker_long_before_it_looks_by_itself(
    installed: Installation, wechat: Sandbox, letters: Letters
) -> None:
    installed.start("worker")
    letters.dispatched()
    letters.wait_for("sent")  # by now it runs
    letters.dispatched()
    letters.wait_for("sent", "sent", seconds=SWEEP.total_seconds() / 2)
    assert len(wechat.messages()) == 2


def test_with_redis_it_is_as_quick(environ: dict[str, str], redis_url: str, request: pytest.FixtureRequest) -> None:
    environ["REDIS_URL"] = redis_url
    test_a_dispatch_wakes_the_worker_long_before_it_looks_by_itself(
        *(request.getfixturevalue(name) for name in ("installed", "wechat", "letters"))
    )


def test_killed_before_and_after_sending_it_still_sends_once(
    installed: Installation, wechat: Sandbox, letters: Letters
) -> None:
    wechat.trouble(TOKEN, latency_before=30)
    installed.start("worker")
    letters.backlog(1)  # two leases on, nobody is told that a dispatch was not opened
    letters.wait_for("sending")
    until(lambda: wechat.calls(TOKEN) == 1)  # alone it would say little: other jobs ask for the token, too
    installed.kill("worker")  # claimed, not sent
    wechat.trouble(TOKEN)
    wechat.trouble(SEND, latency_after=30)
    letters.wait_for("sending")
    letters.pass_time(LEASE)
    installed.start("worker")
    until(lambda: len(wechat.messages()) == 1)
    letters.wait_for("sending")
    installed.kill("worker")  # sent, not recorded
    wechat.trouble(SEND)
    letters.pass_time(LEASE - timedelta(seconds=3))
    installed.start("worker")  # and nobody wakes it: the end of the lease does
    letters.wait_for("sent")
    assert wechat.calls(SEND) == 2
    assert len(wechat.messages()) == 1


def test_a_notice_nobody_was_told_of_is_found_at_the_start(
    installed: Installation, wechat: Sandbox, letters: Letters
) -> None:
    letters.dispatched()
    for file in Path(installed.environ["DATA_DIR"]).glob("queue.sqlite*"):
        file.unlink()
    installed.start("worker")
    letters.wait_for("sent")


def test_a_queue_that_is_lost_or_broken_does_not_reach_the_user(letters: Letters, runtime: Runtime) -> None:
    letters.dispatched()  # opens the queue
    for file in runtime.settings.data_dir.glob("queue.sqlite*"):
        file.unlink()
    letters.dispatched()
    for file in runtime.settings.data_dir.glob("queue.sqlite*"):
        file.unlink()
    (runtime.settings.data_dir / "queue.sqlite").write_text("not a database " * 100)
    letters.dispatched()
    assert len(letters.all()) == 3


def test_a_worker_that_is_asked_to_stop_finishes_what_it_sends(
    installed: Installation, sandbox: Sandbox, letters: Letters
) -> None:
    sandbox.trouble(SEND, latency_before=1)
    letters.dispatched()
    installed.environ["WECHAT_API_URL"] = sandbox.url
    installed.start("worker")
    until(lambda: sandbox.calls(SEND) == 1)
    installed.stop()
    assert letters.only().state == "sent"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_when_redis_vanishes_the_notices_still_leave(
    environ: dict[str, str], vanishing_redis: Callable[[], None], request: pytest.FixtureRequest
) -> None:
    installed, _wechat, letters = (request.getfixturevalue(name) for name in ("installed", "wechat", "letters"))
    installed.start("worker")
    letters.dispatched()
    letters.wait_for("sent")
    vanishing_redis()
    began = time.monotonic()
    letters.dispatched()
    assert time.monotonic() - began < 2  # the desk does not wait for it
    letters.wait_for("sent", "sent", seconds=70)  # the sweep
    assert installed.said("worker").count("Traceback") < 150  # and the log stays readable


@pytest.fixture
def wechat(installed: Installation) -> Sandbox:
    """A process too: it stays when the worker is killed."""
    installed.start("sandbox")
    return Sandbox(installed.sandbox_url)


@pytest.fixture
def vanishing_redis(environ: dict[str, str]) -> Iterator[Callable[[], None]]:
    """A Redis of this test's own; called, it is gone."""
    with ExitStack() as running:
        environ["REDIS_URL"] = running.enter_context(running_redis())
        yield running.close


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
