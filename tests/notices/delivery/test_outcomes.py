"""WeChat took the message and says later that it did not arrive: once more, or by another channel."""

from collections.abc import Mapping

import pytest

from app import clock
from app.services.notices import delivery_reports
from tests.support.letters import Letters, every_channel
from tests.support.wechat import SEND, Sandbox


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("failed:user block", "user_block"),
        ("failed:freq limit", "freq_limit"),
        ("failed: something new", "not_delivered"),
    ],
)
def test_what_did_not_arrive_goes_on_to_the_channels_below(
    status: str, reason: str, letters: Letters, sandbox: Sandbox
) -> None:
    letters.dispatched()
    letters.rounds()
    say(letters, status)
    letters.rounds()
    assert sandbox.calls(SEND) == 1
    assert letters.tries()[-3:] == [
        ("service", "failed", reason),
        ("mini", "passed_over", "no_template"),
        ("robot", "sent", ""),
    ]
    assert (letters.only().state, letters.only().channel) == ("sent", "robot")


def test_where_there_is_none_below_it_has_failed_with_that_reason(
    letters: Letters, environ: Mapping[str, str], sandbox: Sandbox
) -> None:
    letters.runtime = letters.another({**environ, "NOTICE_CHANNELS": "service"})
    letters.dispatched()
    letters.rounds()
    say(letters, "failed:user block")
    letters.rounds()
    notice = letters.only()
    assert (notice.state, notice.reason, notice.detail) == ("failed", "user_block", "failed:user block")


def test_where_wechat_itself_failed_it_is_sent_once_more_and_only_once(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    for _ in range(2):
        letters.rounds()
        say(letters, "failed: system failed")
    letters.rounds()
    assert sandbox.calls(SEND) == 2
    assert len({one["client_msg_id"] for one in sandbox.messages() if one["channel"] == "template"}) == 2
    assert letters.tries()[-5:] == [
        ("service", "put_off", "system_failed"),
        ("service", "sent", ""),
        ("service", "failed", "system_failed"),
        ("mini", "passed_over", "no_template"),
        ("robot", "sent", ""),
    ]


def test_a_second_word_about_the_same_message_changes_nothing(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    letters.rounds()
    msgid = letters.only().msgid
    for status in ("failed:user block", "success", "failed: system failed"):
        say(letters, status, msgid)
    assert (letters.only().state, letters.only().outcome, letters.only().resent) == ("waiting", None, False)


def test_the_same_number_of_another_account_is_another_message(letters: Letters, sandbox: Sandbox) -> None:
    letters.dispatched()
    letters.rounds()
    notice = letters.only()
    with letters.world.database.transaction() as session:
        blocked = "failed:user block"
        assert not delivery_reports.settle(session, channel="mini", msgid=notice.msgid, status=blocked, at=clock.now())
    assert letters.only().state == "sent"


def say(letters: Letters, status: str, msgid: str = "") -> None:
    with letters.world.database.transaction() as session:
        msgid = msgid or letters.only().msgid
        assert delivery_reports.settle(session, channel="service", msgid=msgid, status=status, at=clock.now())


@pytest.fixture
def environ(environ: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    return {**environ, **every_channel(sandbox.url)}
