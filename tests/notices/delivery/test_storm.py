"""Many workers, many notices, and a WeChat that forgets its token, refuses it for good, or is gone for a while."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from sqlalchemy import func, select

from app import clock
from app.models import ChannelOutage, Notice, Person, WeChatIdentity
from app.runtime import Runtime
from app.services import events
from app.services.notices import outbox
from sandbox.server import serve
from tests.support.letters import Letters
from tests.support.processes import Installation, free_port
from tests.support.wechat import SEND, TOKEN, Sandbox
from tests.support.world import APPID, World

pytestmark = [pytest.mark.slow("thousands of notices"), pytest.mark.timeout(400)]

WORKERS = 8
NOTICES = 1_000
PEOPLE = 125


@pytest.mark.parametrize("shared", ["redis", "database"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_eight_workers_with_a_cold_cache_fetch_one_token(
    shared: str, environ: dict[str, str], request: pytest.FixtureRequest
) -> None:
    if shared == "redis":
        environ["REDIS_URL"] = request.getfixturevalue("redis_url")
    storm: Storm = request.getfixturevalue("storm")
    storm.write(NOTICES, PEOPLE)
    storm.start(WORKERS)
    storm.wait_until_sent()
    assert storm.wechat.calls(TOKEN) == 1
    storm.check_once_and_in_order()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_token_revoked_in_mid_flight_is_fetched_once_more_and_every_notice_sent_once(
    environ: dict[str, str], redis_url: str, request: pytest.FixtureRequest
) -> None:
    environ["REDIS_URL"] = redis_url
    storm: Storm = request.getfixturevalue("storm")
    storm.write(600, PEOPLE)
    storm.start(4)
    until(lambda: len(storm.wechat.messages()) > 100)
    storm.wechat.revoke()
    assert len(storm.wechat.messages()) < 600
    storm.wait_until_sent()
    assert storm.wechat.calls(TOKEN) == 2
    storm.check_once_and_in_order()


def test_a_token_that_stays_bad_costs_two_calls_and_raises_one_alert(
    letters: Letters, runtime: Runtime, world: World, sandbox: Sandbox
) -> None:
    sandbox.switch(refuse_tokens=1_000_000)
    write(world, 40, 40)
    letters.rounds()
    assert sandbox.calls(SEND) == 2
    with runtime.database.reading() as db:
        (stop,) = db.scalars(select(ChannelOutage)).all()
        alerts = db.scalars(select(Notice).where(Notice.kind == "channel_stopped")).all()
    assert (stop.channel, stop.healed_at) == ("service", None)
    assert [alert.person_id for alert in alerts] == [world.admin.id]
    for _ in range(5):
        letters.rounds()
    assert sandbox.calls(SEND) == 2


def test_wechat_gone_for_ten_minutes_delays_everything_and_loses_nothing(
    request: pytest.FixtureRequest, environ: dict[str, str]
) -> None:
    port = free_port()
    environ["WECHAT_API_URL"] = f"http://localhost:{port}"
    letters: Letters = request.getfixturevalue("letters")
    people = crowd(letters.world, 10)
    for _minute in range(10):
        write_to(letters.world, people, 2)
        letters.rounds()
        letters.pass_time(timedelta(minutes=1))
    assert {notice.state for notice in letters.all()} == {"waiting"}
    with serve(port=port, app_url="http://localhost", environ={"APP_ENV": "test"}) as running:
        for _ in range(200):
            letters.rounds()
            if all(notice.state == "sent" for notice in letters.all()):
                break
            letters.pass_time(timedelta(seconds=30))
        check_once_and_in_order(letters.world, Sandbox(running.url))


def test_pages_are_as_quick_without_wechat_as_with_it(
    installed: Installation, letters: Letters, runtime: Runtime, world: World
) -> None:
    """In turns, so that a busy machine is busy for both."""
    installed.start("sandbox", "web", "worker")
    ticket, people = world.ticket("finished"), crowd(world, 20)
    address = installed.url + runtime.links.ticket_path(ticket.id)
    with_wechat: list[float] = []
    without: list[float] = []
    for _ in range(5):
        with_wechat += seconds(address, times=8)
        installed.kill("sandbox")
        write_to(world, people, 1)
        without += seconds(address, times=8)
        installed.start("sandbox")
    assert statistics.median(without) < max(2 * statistics.median(with_wechat), 0.05)


class Storm:
    """Notices to a crowd, and as many workers as one likes."""

    def __init__(self, installed: Installation, world: World) -> None:
        self.installed, self.world = installed, world
        installed.start("sandbox")
        self.wechat = Sandbox(installed.sandbox_url)

    def write(self, count: int, people: int) -> None:
        write(self.world, count, people)

    def start(self, workers: int) -> None:
        self.installed.start(*[f"worker {number}" for number in range(workers)])

    def wait_until_sent(self) -> None:
        until(lambda: self._open() == 0, seconds=300)

    def check_once_and_in_order(self) -> None:
        check_once_and_in_order(self.world, self.wechat)

    def _open(self) -> int:
        with self.world.database.reading() as db:
            return db.scalar(select(func.count()).where(Notice.state.in_(("waiting", "sending")))) or 0


def check_once_and_in_order(world: World, wechat: Sandbox) -> None:
    """Everybody has got each of their notices once, in the order they were written."""
    with world.database.reading() as db:
        rows = db.execute(
            select(WeChatIdentity.openid, Notice.client_msg_id, Notice.state)
            .join(Notice, Notice.person_id == WeChatIdentity.person_id)
            .order_by(Notice.id)
        ).all()
    assert {state for _, _, state in rows} == {"sent"}
    written, got = defaultdict(list), defaultdict(list)
    for openid, key, _ in rows:
        written[openid].append(key)
    for message in reversed(wechat.messages()):
        got[message["openid"]].append(message["client_msg_id"])
    assert got == written


def write(world: World, count: int, people: int) -> None:
    """So many dispatches spread over so many people."""
    write_to(world, crowd(world, people), count // people)


def write_to(world: World, people: list[int], each: int) -> None:
    ticket = world.ticket("reported", reported_at=clock.now())
    with world.database.transaction() as session:
        for _ in range(each):
            for person in people:
                event = events.append(session, ticket, "dispatched", by=None, at=clock.now(), channel="test")
                outbox.add(session, "dispatched", event, to=person, at=clock.now())


def crowd(world: World, count: int) -> list[int]:
    """People with followers of the sandbox for phones."""
    with world.database.transaction() as session:
        people = [Person(staff_number=f"C{number:04}", name="关注者") for number in range(count)]
        session.add_all(people)
        session.flush()
        for number, person in enumerate(people):
            identity = WeChatIdentity(appid=APPID, openid=f"oDemo{number:023}", first_seen_at=clock.now())
            identity.person_id, identity.bound_at = person.id, clock.now()
            session.add(identity)
        return [person.id for person in people]


def seconds(address: str, *, times: int) -> list[float]:
    with requests.Session() as session:
        session.headers["User-Agent"] = "Mozilla/5.0"

        def once() -> float:
            began = time.perf_counter()
            assert session.get(address, timeout=10).status_code == 200
            return time.perf_counter() - began

        return [once() for _ in range(times)]


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def storm(installed: Installation, world: World) -> Storm:
    return Storm(installed, world)
