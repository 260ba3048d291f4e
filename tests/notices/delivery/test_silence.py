"""A channel of which nothing readable is heard: what is urgent goes by another, and the channel rests for a while."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from app import clock
from app.services.notices import channels, circuit_breaker, delivery, queue
from app.services.notices.channels import SAME_MESSAGE
from app.services.notices.delivery import IN_DOUBT
from sandbox.accounts import WECOM
from tests.notices.delivery.test_channels import CARD, ROBOT
from tests.support.letters import Letters, every_channel
from tests.support.wechat import SEND, Sandbox


def test_an_urgent_one_asks_a_silent_channel_for_a_minute_and_goes_by_the_next(
    letters: Letters, sandbox: Sandbox
) -> None:
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    sandbox.trouble(CARD, next_truncated=100)
    letters.dispatched()
    gone = in_doubt(letters)
    assert timedelta(seconds=45) < gone <= timedelta(seconds=90)
    assert (letters.only().state, letters.only().channel) == ("sent", "service")
    assert letters.tries() == [("wecom", "put_off", "busy"), ("wecom", "failed", "uncertain"), ("service", "sent", "")]
    assert sandbox.calls(CARD) >= 5


def test_where_there_is_no_other_it_is_asked_as_long_as_it_knows_the_message_again(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "service"})
    sandbox.trouble(SEND, next_truncated=100)
    letters.dispatched()
    assert in_doubt(letters) > SAME_MESSAGE["service"] - timedelta(seconds=10)
    assert (letters.only().state, letters.only().reason) == ("failed", "uncertain")


def test_what_is_not_urgent_is_asked_for_again_on_the_same_channel_only(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "wecom,service"})
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    letters.backlog(1, kind="finished")
    sandbox.trouble(CARD, next_truncated=1)
    letters.round()
    letters.pass_time(IN_DOUBT * 2)
    sandbox.trouble(CARD, next_truncated=1)
    letters.round()
    assert letters.only().state == "waiting"
    assert sandbox.calls(SEND) == 0


def test_three_in_a_row_stop_the_channel_for_a_short_time_and_it_resumes_by_itself(
    letters: Letters, sandbox: Sandbox
) -> None:
    people = letters.crowd(4)
    for number, person in enumerate(people):
        letters.known_to(WECOM.corpid, ("engineer", "supervisor", "nurse", "desk")[number], person)
    sandbox.trouble(CARD, next_truncated=1000)
    for person in people[:3]:
        assert letters.stops() == []
        letters.backlog(1, to=[person])
        in_doubt(letters)
    (stop,) = letters.stops()
    assert (stop.channel, stop.kind, stop.reason) == ("wecom", "", "silent")
    assert timedelta() < stop.until - clock.now() <= timedelta(minutes=5)
    asked = sandbox.calls(CARD)
    letters.backlog(1, to=people[3:])
    letters.rounds()
    assert (letters.all()[-1].state, letters.all()[-1].channel) == ("sent", "service")
    assert sandbox.calls(CARD) == asked
    # The one that asks whether it speaks again does not wait for it.
    letters.pass_time(circuit_breaker.SILENCE + timedelta(seconds=1))
    letters.backlog(1, to=people[3:])
    letters.rounds()
    assert (letters.all()[-1].state, letters.all()[-1].channel) == ("sent", "service")
    assert sandbox.calls(CARD) == asked + 1
    sandbox.trouble(CARD)
    letters.pass_time(circuit_breaker.SILENCE + timedelta(seconds=1))
    letters.backlog(2, to=people[:1])
    letters.rounds()
    assert [one.channel for one in letters.all()[-2:]] == ["wecom", "wecom"]
    assert letters.stops()[0].healed_at is not None
    assert len(letters.stops()) == 1


def test_one_answer_in_between_and_the_channel_goes_on(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "robot"})
    for lost in (1, 1, 0, 1, 1):
        sandbox.trouble(ROBOT, next_truncated=lost)
        letters.dispatched()
        letters.rounds()
    assert [one.reason for one in letters.all()] == ["uncertain", "uncertain", "", "uncertain", "uncertain"]
    assert letters.stops() == []


def test_a_lease_outlasts_the_slowest_letter(letters: Letters) -> None:
    """A turn at the token, the token, the call; the token renewed and the call once more."""
    letters.dispatched()
    with letters.world.database.transaction() as session:
        ladder = channels.channel_order(letters.runtime.settings)
        now = clock.now()
        assert len(queue.claim(session, ladder, at=now, most=1)) == 1
        assert queue.claim(session, ladder, at=now + timedelta(seconds=5 + 2 * (22 + 11)), most=1) == []
        assert len(queue.claim(session, ladder, at=now + delivery.LEASE, most=1)) == 1


def in_doubt(letters: Letters) -> timedelta:
    """Until all are settled; how long it took, by the clock of the notices."""
    gone = timedelta()
    pause = letters.round()
    while any(one.settled_at is None for one in letters.all()):
        letters.pass_time(pause)
        gone += pause
        pause = letters.round()
    return gone


@pytest.fixture
def environ(environ: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    return {**environ, **every_channel(sandbox.url)}
