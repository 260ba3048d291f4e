"""Eight processes that share an account do not fight over its token."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.pool import AsyncResult
from multiprocessing.synchronize import Barrier

import pytest

from app.clock import now
from app.runtime import build
from config.settings import read_settings
from sandbox.accounts import SERVICE
from tests.wechat.conftest import Turned, World
from tests.wechat.messages import ENGINEER, SEND, TOKEN, finished
from wechat.errors import WeChatError

pytestmark = pytest.mark.slow("processes")

PROCESSES, THREADS = 8, 4
start: Barrier


@pytest.mark.parametrize(("ground", "many"), [("sqlite", 40), ("postgresql", 40), ("redis", 250)], indirect=["ground"])
def test_a_cold_cache_costs_one_token_and_a_revoked_one_another(
    world: World, ground: dict[str, str], many: int
) -> None:
    with sending(world, ground, many=many) as outcomes:
        while world.calls(SEND) < many and not outcomes.ready():
            time.sleep(0.02)
        fetched = world.calls(TOKEN)
        world.control("revoke", account="service")
        counted = sum(outcomes.get(), Counter())

    assert fetched == 1
    assert counted == {"sent": PROCESSES * many}
    delivered = [message["client_msg_id"] for message in world.delivered()]
    assert len(delivered) == len(set(delivered)) == PROCESSES * many
    assert world.calls(TOKEN) == 2


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True)
def test_a_token_that_stays_bad_costs_each_process_two_calls(world: World, ground: dict[str, str]) -> None:
    world.control("switches", refuse_tokens=100_000)

    with sending(world, ground, many=20) as outcomes:
        counted = sum(outcomes.get(), Counter())

    assert counted == {"stopped": PROCESSES * 20}
    assert world.calls(SEND) == PROCESSES * 2
    assert world.calls(TOKEN) <= 1 + PROCESSES


def send(environ: Mapping[str, str], name: str, many: int) -> Counter[str]:
    """What one process does; all begin together."""
    service = build(read_settings(environ)).service_account
    assert service

    def outcome(number: int) -> str:
        try:
            service.send_template(ENGINEER, **finished(f"{name}-{number}"))
        except WeChatError as error:
            return error.action.value
        return "sent"

    start.wait()
    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(threads.map(outcome, range(many)))


def begin(shared: Barrier) -> None:
    global start
    start = shared


@contextmanager
def sending(world: World, ground: Mapping[str, str], *, many: int) -> Iterator[AsyncResult[list[Counter[str]]]]:
    environ = {
        "APP_ENV": "test",
        "PUBLIC_URL": "http://localhost:8000",
        "SECRET_KEYS": "k" * 32,
        "WECHAT_SERVICE_APPID": SERVICE.appid,
        "WECHAT_SERVICE_SECRET": SERVICE.secret,
        "WECHAT_API_URL": world.sandbox.url,
        **ground,
    }
    # Not forks of this process, which has threads; of one that has only read the code.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with context.Pool(PROCESSES, begin, (context.Barrier(PROCESSES),)) as pool:
        jobs = [(environ, f"p{number}", many) for number in range(PROCESSES)]
        yield pool.starmap_async(send, jobs, chunksize=1)


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the processes keep their token."""
    if request.param == "redis":
        return {
            "DATABASE_URL": request.getfixturevalue("sqlite_url"),
            "REDIS_URL": request.getfixturevalue("redis_url"),
        }
    return {"DATABASE_URL": request.getfixturevalue(f"{request.param}_url")}


@pytest.fixture
def clock() -> Turned:
    """As the processes read it."""
    return Turned(now())
