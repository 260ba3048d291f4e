"""The ladder: each channel is asked in its order, every try is kept, and nothing is sent twice by one of them."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from app import clock
from app.models.kinds import EVERY_WAY
from app.services.notices import channels, delivery, outbox, queue, subscriptions
from app.services.notices.channels import SAME_MESSAGE
from sandbox.accounts import MINI, WECOM
from sandbox.phones import PHONES
from tests.support.letters import Letters, every_channel
from tests.support.wechat import SEND, Sandbox
from tests.support.world import World

CARD, ROBOT, SUBSCRIPTION = "/cgi-bin/message/send", "/cgi-bin/webhook/send", "/cgi-bin/message/subscribe/send"
FINISHED = "sandbox-mini-finished"


def test_the_first_channel_that_takes_it_is_the_only_one(letters: Letters, sandbox: Sandbox, world: World) -> None:
    letters.known_to(WECOM.corpid, "engineer", world.engineer)
    ticket = letters.dispatched()
    letters.rounds()
    (message,) = sandbox.messages()
    assert (message["channel"], message["user_id"]) == ("wecom", "engineer")
    assert message["url"] == f"http://localhost/engineer/{ticket.number}"
    assert message["fields"]["title"] == "新工单"
    for part in (ticket.number, "打印机", "呼吸内科", "普通"):
        assert part in message["fields"]["description"]
    assert letters.tries() == [("wecom", "sent", "")]
    assert (letters.only().state, letters.only().channel) == ("sent", "wecom")


def test_the_order_is_the_hospitals(letters: Letters, environ: Mapping[str, str], sandbox: Sandbox) -> None:
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "service,wecom"})
    letters.dispatched()
    letters.rounds()
    assert [one["channel"] for one in sandbox.messages()] == ["template"]


def test_where_user_ids_are_staff_numbers_nobody_has_to_bind(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    person = letters.world.employ("Engineer", "赵强")
    letters.runtime = letters.another({**environ, "WECOM_USERIDS": "staff_numbers"})
    letters.backlog(1, to=[person])
    letters.rounds()
    assert [one["user_id"] for one in sandbox.messages()] == ["engineer"]


def test_who_is_not_bound_there_is_reached_by_the_next(letters: Letters) -> None:
    letters.dispatched()
    letters.rounds()
    assert letters.tries() == [("wecom", "passed_over", "not_bound"), ("service", "sent", "")]


def test_of_a_new_phone_every_other_way_tells_and_the_phone_itself_does_not(
    letters: Letters, sandbox: Sandbox, world: World
) -> None:
    """The first that takes it is not enough: it may be the one the attacker has."""
    letters.known_to(WECOM.corpid, "nurse", world.nurse)
    attacker = letters.known_to(MINI.appid, "oAttacker", world.nurse)
    tell(letters, world, attacker)
    nowhere = ("robot", "passed_over", "not_for_group")
    own = ("mini", "passed_over", "that_phone")
    assert letters.tries() == [("wecom", "sent", ""), ("service", "sent", ""), own, nowhere]
    assert sorted(one["channel"] for one in sandbox.messages()) == ["template", "wecom"]
    tell(letters, world, world.nurse_identity.id)
    assert letters.tries()[4:6] == [("wecom", "sent", ""), ("service", "passed_over", "that_phone")]
    assert [one.state for one in letters.alerts()] == ["sent", "sent"]


def test_where_there_is_no_other_way_it_stands_in_the_inbox_and_nothing_has_failed(
    letters: Letters, world: World
) -> None:
    tell(letters, world, world.nurse_identity.id)
    assert ("service", "passed_over", "that_phone") in letters.tries()
    assert [one.state for one in letters.alerts()] == ["kept"]


def test_a_busy_way_is_waited_for_and_the_others_are_not_told_twice(
    letters: Letters, sandbox: Sandbox, world: World
) -> None:
    letters.known_to(WECOM.corpid, "nurse", world.nurse)
    sandbox.trouble(SEND, next_errors=[-1])
    tell(letters, world, 0)
    (notice,) = letters.alerts()
    assert (notice.state, notice.reason) == ("waiting", "busy")
    letters.due()
    letters.rounds()
    assert sorted(one["channel"] for one in sandbox.messages()) == ["template", "wecom"]
    assert [one.state for one in letters.alerts()] == ["sent"]


def tell(letters: Letters, world: World, identity: int) -> None:
    """That this phone was bound."""
    with world.database.transaction() as session:
        outbox.add_alert(session, "bound", about=f"identity:{identity}", to=world.nurse.id, at=clock.now())
    assert "bound" in EVERY_WAY
    letters.rounds()


@pytest.mark.parametrize(("errcode", "reason"), [(81013, "not_in_wecom"), (40058, "our_fault"), (-7, "our_fault")])
def test_what_will_not_get_better_goes_to_the_next_channel_at_once(
    errcode: int, reason: str, letters: Letters, sandbox: Sandbox
) -> None:
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    sandbox.trouble(CARD, next_errors=[errcode])
    letters.dispatched()
    letters.rounds()
    assert letters.tries() == [("wecom", "failed", reason), ("service", "sent", "")]
    assert sandbox.calls(CARD) == 1


def test_a_busy_channel_does_not_hold_up_a_letter_another_takes(letters: Letters, sandbox: Sandbox) -> None:
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    sandbox.trouble(CARD, next_errors=[-1])
    letters.dispatched()
    letters.round()
    assert letters.tries() == [("wecom", "put_off", "busy"), ("service", "sent", "")]


def test_where_all_are_busy_it_waits_and_begins_from_the_top(letters: Letters, sandbox: Sandbox) -> None:
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    for path in (CARD, SEND, ROBOT):
        sandbox.trouble(path, next_errors=[-1])
    letters.dispatched()
    letters.round()
    tried = [("wecom", "put_off", "busy"), ("service", "put_off", "busy"), ("robot", "put_off", "busy")]
    assert [one for one in letters.tries() if one[1] == "put_off"] == tried
    assert (letters.only().state, letters.only().reason) == ("waiting", "busy")
    letters.due()
    letters.rounds()
    assert letters.tries()[-1] == ("wecom", "sent", "")
    assert letters.tries().count(("mini", "passed_over", "no_template")) == 1  # said once is enough


@pytest.mark.parametrize("channel", ["wecom", "service"])
def test_an_answer_that_was_lost_is_asked_for_again_on_the_same_channel_only(
    channel: str, letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": f"{channel},robot"})
    path = {"wecom": CARD, "service": SEND}[channel]
    sandbox.trouble(path, next_truncated=1)
    letters.dispatched()
    letters.round()
    assert letters.only().state == "waiting"
    letters.due()
    letters.rounds()
    assert sandbox.calls(path) == 2
    assert sandbox.calls(ROBOT) == 0
    assert len(sandbox.messages()) == 1
    assert letters.tries() == [(channel, "put_off", "busy"), (channel, "sent", "")]


@pytest.mark.parametrize("channel", ["wecom", "service"])
def test_too_late_to_be_recognised_it_goes_to_the_next_channel(
    channel: str, letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.known_to(WECOM.corpid, "engineer", letters.world.engineer)
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": f"{channel},robot"})
    path = {"wecom": CARD, "service": SEND}[channel]
    sandbox.trouble(path, next_truncated=1)
    letters.dispatched()
    letters.round()
    letters.pass_time(SAME_MESSAGE[channel] + timedelta(seconds=5))
    letters.rounds()
    assert sandbox.calls(path) == 1
    assert letters.tries() == [(channel, "put_off", "busy"), (channel, "failed", "uncertain"), ("robot", "sent", "")]


def test_what_a_channel_without_memory_may_have_sent_is_not_repeated_there(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "robot,service"})
    sandbox.trouble(ROBOT, next_truncated=1)
    letters.dispatched()
    letters.rounds()
    assert sandbox.calls(ROBOT) == 1
    assert letters.tries() == [("robot", "failed", "uncertain"), ("service", "sent", "")]


@pytest.mark.parametrize(("first", "calls"), [("robot", 0), ("service", 1)])
def test_killed_with_a_letter_in_hand_it_is_repeated_only_where_that_does_no_harm(
    first: str, calls: int, letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    second = "service" if first == "robot" else "robot"
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": f"{first},{second}"})
    letters.dispatched()
    with letters.world.database.transaction() as session:
        ladder = channels.channel_order(letters.runtime.settings)
        assert queue.claim(session, ladder, at=clock.now(), most=1)[0].channel == first
    letters.pass_time(delivery.LEASE)
    letters.rounds()
    assert letters.only().channel == "service"
    assert sandbox.calls(ROBOT) == 0
    assert sandbox.calls(SEND) == 1


def test_the_robot_tells_the_group_whom_it_is_for(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "robot"})
    ticket = letters.dispatched()
    letters.rounds()
    (message,) = sandbox.messages()
    first, *_, last = message["fields"]["content"].split("\n")
    assert (first, last) == (f"新工单：{letters.world.engineer.name}", f"http://localhost/engineer/{ticket.number}")
    assert "卡纸" not in message["fields"]["content"]


def test_what_concerns_a_user_is_not_for_the_group(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "robot"})
    letters.finished()
    letters.rounds()
    assert sandbox.messages() == []
    assert letters.tries() == [("robot", "passed_over", "not_for_group")]
    assert (letters.only().state, letters.only().reason) == ("failed", "not_for_group")


def test_the_robot_speaks_twenty_times_a_minute(letters: Letters, environ: Mapping[str, str], sandbox: Sandbox) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "robot"})
    letters.backlog(25, to=letters.crowd(25))
    letters.rounds()
    assert sandbox.calls(ROBOT) == len(sandbox.messages()) == 20
    waiting = [one for one in letters.all() if one.state == "waiting"]
    assert {one.reason for one in waiting} == {"robot_limit"}
    assert len(waiting) == 5
    letters.pass_time(timedelta(seconds=61))
    with letters.world.database.transaction() as session:
        ladder = channels.channel_order(letters.runtime.settings)
        assert len(queue.claim(session, ladder, at=clock.now(), most=10)) == 5


def test_the_mini_program_sends_what_was_agreed_to_and_no_more(letters: Letters, sandbox: Sandbox) -> None:
    identity = on_mini_only(letters)
    letters.finished()
    letters.rounds()
    assert ("mini", "passed_over", "no_credit") in letters.tries()
    assert (letters.only().state, letters.only().reason) == ("failed", "no_credit")
    assert sandbox.calls(SUBSCRIPTION) == 0
    agree(letters, sandbox, identity)
    ticket = letters.finished()
    letters.rounds()
    (message,) = sandbox.messages()
    assert (message["channel"], message["openid"]) == ("subscription", PHONES["nurse"].mini_openid)
    token = letters.runtime.links.ticket_path(ticket.id).removeprefix("/r/")
    assert message["url"] == f"pages/rate/index?token={token}"
    assert credits_of(letters, identity) == 0


def test_when_wechat_knows_of_no_consent_ours_is_void(letters: Letters, sandbox: Sandbox) -> None:
    identity = on_mini_only(letters)
    with letters.world.database.transaction() as session:
        for _ in range(3):
            subscriptions.accepted(session, identity, FINISHED, at=clock.now())
    letters.finished()
    letters.rounds()
    assert letters.tries()[-1] == ("robot", "passed_over", "not_for_group")
    assert ("mini", "failed", "no_credit") in letters.tries()
    assert credits_of(letters, identity) == 0


def test_where_several_channels_fail_the_reason_that_tells_most_is_shown(letters: Letters, sandbox: Sandbox) -> None:
    letters.known_to(MINI.appid, PHONES["nurse"].mini_openid, letters.world.nurse)
    sandbox.trouble(SEND, next_errors=[43004])
    letters.finished()
    letters.rounds()
    assert (letters.only().state, letters.only().reason) == ("failed", "not_following")
    assert letters.only().detail.startswith("43004 ")
    assert letters.tries() == [
        ("wecom", "passed_over", "not_bound"),
        ("service", "failed", "not_following"),
        ("mini", "passed_over", "no_credit"),
        ("robot", "passed_over", "not_for_group"),
    ]


def on_mini_only(letters: Letters) -> int:
    """The nurse, who is known to the mini-program alone."""
    with letters.world.database.transaction() as session:
        session.merge(letters.world.nurse_identity).person_id = None
    return letters.known_to(MINI.appid, PHONES["nurse"].mini_openid, letters.world.nurse)


def agree(letters: Letters, sandbox: Sandbox, identity: int) -> None:
    sandbox.agree("nurse", FINISHED)
    with letters.world.database.transaction() as session:
        subscriptions.accepted(session, identity, FINISHED, at=clock.now())


def credits_of(letters: Letters, identity: int) -> int:
    with letters.world.database.reading() as session:
        return subscriptions.credits(session, identity, FINISHED)


@pytest.fixture
def environ(environ: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    return {**environ, **every_channel(sandbox.url)}
