"""A notice on its way: sent once, with no transaction open, and every refusal of WeChat's kept in words."""

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text, update

from app import clock
from app.jobs.notices import AT_ONCE
from app.models import Notice, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services.notices import channels, circuit_breaker, delivery, queue
from app.services.notices.channels import SAME_MESSAGE
from app.services.notices.delivery import Attempt, SendResult
from config.settings import Settings
from sandbox.phones import PHONES
from tests.support.letters import Letters
from tests.support.wechat import SEND, TOKEN, Sandbox
from tests.support.world import World


def test_a_dispatch_reaches_the_engineer_with_its_facts_and_its_link(
    letters: Letters, sandbox: Sandbox, world: World
) -> None:
    ticket = letters.dispatched()
    letters.rounds()
    (message,) = sandbox.messages()
    assert message["openid"] == PHONES["engineer"].openid
    assert message["url"] == f"http://localhost/engineer/{ticket.number}"
    local = ticket.updated_at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert message["fields"] == {
        "character_string1": ticket.number,
        "thing2": "打印机",
        "thing3": "呼吸内科",
        "time4": f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}",
        "phrase5": "普通",
    }
    notice = letters.only()
    assert (notice.state, notice.reason, notice.msgid) == ("sent", "", message["msgid"])


def test_the_user_is_told_once_that_it_is_done_with_the_way_to_his_code(
    letters: Letters, sandbox: Sandbox, world: World, runtime: Runtime
) -> None:
    ticket = world.ticket("finished")
    letters.rounds()
    (message,) = [one for one in sandbox.messages() if one["template_id"] == "sandbox-finished"]
    assert message["openid"] == PHONES["nurse"].openid
    assert message["url"] == runtime.links.ticket_url(ticket.id)


def test_nobody_waits_for_the_database_while_wechat_is_asked(letters: Letters, sandbox: Sandbox, world: World) -> None:
    ticket = letters.dispatched()
    sandbox.trouble(SEND, latency_before=1.5)
    with ThreadPoolExecutor(1) as pool:
        round_ = pool.submit(letters.round)
        while not sandbox.calls(SEND):
            time.sleep(0.02)
        with world.database.transaction() as session:
            session.execute(update(Ticket).where(Ticket.id == ticket.id).values(priority=1))
            session.execute(update(Notice).values(detail="seen"))  # the very row that is being sent
        assert not round_.done()
        assert sandbox.messages() == []
        round_.result()
    assert letters.only().state == "sent"


def test_who_has_no_wechat_bound_is_given_up_without_a_call(letters: Letters, sandbox: Sandbox, world: World) -> None:
    letters.dispatched(world.second_engineer)
    letters.rounds()
    assert (letters.only().state, letters.only().reason) == ("failed", "not_bound")
    assert (sandbox.calls(TOKEN), sandbox.calls(SEND)) == (0, 0)


def test_who_does_not_follow_the_account_is_given_up_with_that_reason(
    letters: Letters, sandbox: Sandbox, world: World
) -> None:
    with world.database.transaction() as session:
        session.get_one(WeChatIdentity, world.stranger_identity.id).person_id = world.second_engineer.id
    letters.dispatched(world.second_engineer)
    letters.rounds()
    assert (letters.only().state, letters.only().reason) == ("failed", "not_following")
    assert letters.only().detail.startswith("43004 ")


def test_what_wechat_calls_malformed_is_our_fault_and_not_repeated(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    sandbox.trouble(SEND, next_errors=[47003])
    letters.rounds()
    notice = letters.only()
    assert (notice.state, notice.reason) == ("failed", "our_fault")
    assert re.fullmatch("47003 [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", notice.detail)
    assert sandbox.calls(SEND) == 1


def test_a_busy_wechat_is_asked_again_after_a_pause(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    sandbox.trouble(SEND, next_errors=[-1])
    pause = letters.round()
    assert timedelta(seconds=0.5) < pause <= timedelta(seconds=1.25)
    assert (letters.only().state, letters.only().reason) == ("waiting", "busy")
    time.sleep(pause.total_seconds())
    letters.rounds()
    assert (letters.only().state, letters.only().attempts) == ("sent", 2)
    assert len(sandbox.messages()) == 1


def test_an_answer_that_was_lost_does_not_make_two_messages(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    sandbox.trouble(SEND, next_truncated=1)
    letters.round()
    assert letters.only().uncertain_since is not None
    letters.due()
    letters.rounds()
    assert letters.only().state == "sent"
    assert sandbox.calls(SEND) == 2
    assert len(sandbox.messages()) == 1


def test_no_more_is_claimed_than_asked_for_whatever_the_planner_does(letters: Letters, runtime: Runtime) -> None:
    letters.backlog(60, to=letters.crowd(60))
    with runtime.database.transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            for way in ("hashjoin", "hashagg", "mergejoin", "sort", "material"):
                session.execute(text(f"SET LOCAL enable_{way} = off"))
        ladder = channels.channel_order(runtime.settings)
        assert len(queue.claim(session, ladder, at=clock.now(), most=10)) == 10
    assert [one.state for one in letters.all()].count("sending") == 10


def test_the_daily_quota_waits_for_midnight_in_china_and_stops_the_channel(letters: Letters, sandbox: Sandbox) -> None:
    letters.backlog(AT_ONCE + 15, to=letters.crowd(AT_ONCE))
    sandbox.trouble(SEND, next_errors=[45009] * 50)
    letters.rounds()
    asked = sandbox.calls(SEND)
    assert asked <= AT_ONCE
    for notice in letters.all():
        midnight = notice.next_try_at.astimezone(ZoneInfo("Asia/Shanghai"))
        assert (notice.state, notice.reason, f"{midnight:%H:%M:%S}") == ("waiting", "stopped", "00:00:00")
        assert timedelta() < notice.next_try_at - clock.now() <= timedelta(days=1)
    letters.rounds()
    assert sandbox.calls(SEND) == asked


def test_a_wrong_secret_stops_the_channel_and_is_not_asked_about_in_a_loop(
    letters: Letters, sandbox: Sandbox, environ: Mapping[str, str]
) -> None:
    letters.backlog(20, to=letters.crowd(10))
    sandbox.trouble(TOKEN, next_errors=[40125] * 500)
    letters.rounds()
    asked = sandbox.calls(TOKEN)
    assert asked <= 2
    letters.rounds()
    assert (sandbox.calls(TOKEN), sandbox.calls(SEND)) == (asked, 0)
    assert {(one.state, one.reason, one.detail.split()[0]) for one in letters.all()} == {
        ("waiting", "stopped", "40125")
    }
    sandbox.trouble(TOKEN)
    letters.pass_time(circuit_breaker.PAUSE + timedelta(seconds=10))
    letters.rounds(letters.another(environ))
    assert {one.state for one in letters.all()} == {"sent"}
    assert len(sandbox.messages()) == 20


def test_a_template_that_is_gone_stops_only_its_own_kind(letters: Letters, sandbox: Sandbox, world: World) -> None:
    letters.backlog(3, kind="reopened")
    sandbox.trouble(SEND, next_errors=[40037])
    letters.rounds()
    letters.backlog(3, kind="urged")
    letters.rounds()
    assert [one.state for one in letters.all()] == ["waiting"] * 3 + ["sent"] * 3


def test_where_no_wechat_is_set_up_the_notice_says_so(letters: Letters, runtime: Runtime) -> None:
    letters.dispatched()
    letters.rounds(replace(runtime, settings=runtime.settings.model_copy(update={"wechat": None})))
    assert (letters.only().state, letters.only().reason) == ("failed", "no_wechat")


@pytest.mark.slow("two workers")
def test_two_workers_send_each_of_two_hundred_once(
    letters: Letters, sandbox: Sandbox, environ: Mapping[str, str]
) -> None:
    letters.backlog(200, to=letters.crowd(40))
    workers = [letters.another(environ), letters.another(environ)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(letters.rounds, workers))
    assert {(one.state, one.attempts) for one in letters.all()} == {("sent", 1)}
    assert sandbox.calls(SEND) == 200
    assert len({one["client_msg_id"] for one in sandbox.messages()}) == 200


def test_what_may_be_out_is_not_sent_again_after_wechat_forgot_it(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    sandbox.trouble(SEND, next_truncated=1)
    letters.round()
    letters.pass_time(SAME_MESSAGE["service"] + timedelta(seconds=30))
    letters.rounds()
    assert (letters.only().state, letters.only().reason) == ("failed", "uncertain")
    assert sandbox.calls(SEND) == 1


def test_a_plain_answer_does_not_clear_an_earlier_doubt(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    sandbox.trouble(SEND, next_truncated=1)
    letters.round()
    letters.due()
    sandbox.trouble(SEND, next_errors=[-1])
    letters.round()
    assert letters.only().reason == "busy"
    letters.pass_time(timedelta(minutes=11))
    letters.rounds()
    assert (letters.only().state, letters.only().reason) == ("failed", "uncertain")
    assert len(sandbox.messages()) == 1


def test_without_a_token_nothing_was_sent_and_nothing_is_in_doubt(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    sandbox.trouble(TOKEN, next_status=[502])
    letters.round()
    letters.pass_time(timedelta(hours=1))
    letters.rounds()
    assert letters.only().state == "sent"


def test_a_letter_nobody_can_write_does_not_hold_up_the_others(letters: Letters, sandbox: Sandbox) -> None:
    letters.backlog(1, kind="no such kind")
    letters.backlog(2)
    letters.rounds()
    odd, *others = letters.all()
    assert (odd.state, odd.reason, odd.detail) == ("waiting", "our_fault", "unknown kind")
    assert [one.state for one in others] == ["sent", "sent"]


def test_after_a_day_of_trouble_it_is_given_up(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    letters.pass_time(timedelta(hours=25))
    sandbox.trouble(SEND, next_errors=[-1])
    letters.rounds()
    assert (letters.only().state, letters.only().reason) == ("failed", "busy")


def test_a_worker_that_lost_its_lease_does_not_undo_what_the_next_one_did(
    letters: Letters, world: World, settings: Settings
) -> None:
    letters.dispatched()
    ladder = channels.channel_order(settings)

    def claim() -> Attempt:
        with world.database.transaction() as session:
            (letter,) = queue.claim(session, ladder, at=clock.now(), most=1)
        return letter

    def record(letter: Attempt, answer: SendResult) -> None:
        with world.database.transaction() as session:
            assert delivery.record_result(session, ladder, letter, answer, at=clock.now()) is None

    slow = claim()
    letters.pass_time(delivery.LEASE)
    quick = claim()
    record(quick, SendResult("sent", msgid="1"))
    record(slow, SendResult("busy", "busy", uncertain=True))
    record(slow, SendResult("failed", "refused"))
    assert (letters.only().state, letters.only().msgid) == ("sent", "1")
