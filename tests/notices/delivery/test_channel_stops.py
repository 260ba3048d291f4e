"""A channel that refuses is passed over, told of once, asked by one letter at a time, and used again when it works."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app import clock
from app.db import Database
from app.jobs.notices import AT_ONCE
from app.models import RoleGrant
from app.services.notices import circuit_breaker
from sandbox.accounts import WECOM
from tests.support.letters import Letters, every_channel
from tests.support.wechat import SEND, TOKEN, Sandbox
from tests.support.world import World

CARD = "/cgi-bin/message/send"


def test_the_admins_are_told_once_and_by_another_channel(letters: Letters, sandbox: Sandbox, world: World) -> None:
    second = world.employ("00050", "何平", "admin")
    letters.known_to(WECOM.corpid, "supervisor", world.admin)
    letters.known_to("wxsandboxservice01", "oDemo" + "A" * 23, world.admin)
    sandbox.trouble(SEND, next_errors=[48001] * 50)
    letters.backlog(30, to=letters.crowd(AT_ONCE))
    letters.rounds()
    assert [(one.person_id, one.about) for one in letters.alerts()] == [
        (world.admin.id, "service"),
        (second.id, "service"),
    ]
    (alert,) = [one for one in sandbox.messages() if one["channel"] == "wecom"]
    assert alert["url"] == "http://localhost/console"
    assert alert["fields"]["description"].startswith("微信服务号自 ")
    (stop,) = letters.stops()
    assert (stop.channel, stop.kind, stop.reason, stop.healed_at) == ("service", "", "account", None)
    assert stop.detail.startswith("48001 ")
    assert {one.channel for one in letters.all() if one.state == "sent"} == {"robot"}


def test_an_alert_is_not_sent_by_the_channel_it_is_about(letters: Letters, sandbox: Sandbox, world: World) -> None:
    letters.known_to("wxsandboxservice01", "oDemo" + "A" * 23, world.admin)
    sandbox.trouble(SEND, next_errors=[40037])
    letters.dispatched()
    letters.rounds()
    (alert,) = letters.alerts()
    assert (alert.about, alert.state) == ("service:dispatched", "failed")
    assert sandbox.calls(SEND) == 1


def test_it_is_asked_by_one_letter_at_a_time_and_resumes_by_itself(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "service"})
    sandbox.trouble(SEND, next_errors=[48001] * 500)
    letters.backlog(20, to=letters.crowd(20))
    letters.rounds()
    stopped = sandbox.calls(SEND)
    assert stopped <= AT_ONCE
    for _ in range(3):
        letters.pass_time(circuit_breaker.PAUSE + timedelta(seconds=5))
        letters.rounds()
    assert sandbox.calls(SEND) == stopped + 3
    assert {(one.state, one.reason) for one in letters.all()} == {("waiting", "stopped")}
    assert len(letters.alerts()) == 1
    sandbox.trouble(SEND)
    letters.pass_time(circuit_breaker.PAUSE + timedelta(seconds=5))
    letters.rounds()
    assert {one.state for one in letters.all()} == {"sent"}
    assert len(sandbox.messages()) == 20
    assert letters.stops()[0].healed_at is not None


@pytest.mark.parametrize(("healed_for", "alerts"), [(timedelta(minutes=5), 1), (timedelta(hours=2), 2)])
def test_stopped_again_after_it_healed_the_admins_are_told_again_unless_it_was_only_just(
    healed_for: timedelta, alerts: int, letters: Letters, sandbox: Sandbox
) -> None:
    for _ in range(2):
        letters.pass_time(healed_for)
        sandbox.trouble(SEND, next_errors=[48001])
        letters.dispatched()
        letters.rounds()
        letters.pass_time(circuit_breaker.PAUSE + timedelta(seconds=5))
        letters.dispatched()
        letters.rounds()
    assert len(letters.alerts()) == alerts
    assert all(stop.healed_at for stop in letters.stops())


def test_a_letter_on_its_way_when_the_channel_stopped_does_not_heal_it(letters: Letters, world: World) -> None:
    with world.database.transaction() as session:
        now = clock.now()
        circuit_breaker.open_for(
            session, "service", "", reason="account", detail="", until=now + timedelta(minutes=1), at=now
        )
        circuit_breaker.close(session, (), at=now)
        assert circuit_breaker.half_open(session, circuit_breaker.standing(session), "service", "urged", now) is None
    assert letters.stops()[0].healed_at is None


def test_a_template_that_is_gone_is_no_reason_to_pass_over_the_channel(letters: Letters, sandbox: Sandbox) -> None:
    sandbox.trouble(SEND, next_errors=[43116])
    letters.backlog(2, kind="reopened")
    letters.backlog(2, kind="urged")
    letters.rounds()
    assert [one.channel for one in letters.all()] == ["robot", "robot", "service", "service"]
    assert [(one.channel, one.kind, one.reason) for one in letters.stops()] == [("service", "reopened", "template")]


def test_waiting_for_it_longer_than_a_day_is_given_up(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "service"})
    sandbox.trouble(SEND, next_errors=[48001] * 5)
    letters.dispatched()
    letters.rounds()
    letters.pass_time(timedelta(hours=25))
    letters.rounds()
    assert (letters.only().state, letters.only().reason) == ("failed", "stopped")


def test_of_many_that_meet_it_at_once_one_tells_the_admins(database: Database, world: World) -> None:
    with database.transaction() as session:
        session.add(RoleGrant(person_id=world.supervisor.id, role="admin"))

    def meet(_: int) -> None:
        with database.transaction() as session:
            now = clock.now()
            until = now + circuit_breaker.PAUSE
            circuit_breaker.open_for(session, "wecom", "", reason="account", detail="40001", until=until, at=now)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(meet, range(16)))
    letters = Letters(None, world)  # type: ignore[arg-type]
    assert len(letters.stops()) == 1
    assert len(letters.alerts()) == 2


@pytest.mark.slow("two workers")
def test_with_a_token_that_stays_bad_two_workers_make_two_calls_each(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    workers = [letters.another({**environ, "NOTICE_CHANNELS": "service"}) for _ in range(2)]
    letters.backlog(60, to=letters.crowd(30))
    sandbox.switch(refuse_tokens=100_000)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(letters.rounds, workers))
    assert sandbox.calls(SEND) <= 4
    assert sandbox.calls(TOKEN) <= 4
    assert len(letters.alerts()) == len(letters.stops()) == 1
    assert {(one.state, one.reason) for one in letters.all()} == {("waiting", "stopped")}
    sandbox.switch(refuse_tokens=0)
    letters.pass_time(circuit_breaker.PAUSE + timedelta(seconds=5))
    letters.rounds(letters.another({**environ, "NOTICE_CHANNELS": "service"}))
    assert {one.state for one in letters.all()} == {"sent"}
    assert len(sandbox.messages()) == 60


@pytest.fixture
def environ(environ: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    return {**environ, **every_channel(sandbox.url)}
