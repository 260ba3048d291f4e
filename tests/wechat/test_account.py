import logging
import re
import traceback
from datetime import timedelta

import pytest

import wechat.http
from sandbox.accounts import SERVICE
from sandbox.phones import PHONES
from tests.wechat.conftest import Canned, Turned, World, free_port
from tests.wechat.messages import ENGINEER, FINISHED, SEND, TOKEN, finished
from wechat.account import Account, ServiceAccount
from wechat.errors import Action, WeChatError
from wechat.http import Call, Wire
from wechat.token import MemoryStore, StoredToken

STRANGER = PHONES["stranger"].openid


def test_a_message_arrives_as_it_was_written(world: World) -> None:
    msgid = world.service.send_template(ENGINEER, **FINISHED)

    [message] = world.delivered()
    assert message["msgid"] == msgid
    assert message["openid"] == ENGINEER
    assert message["fields"] == FINISHED["fields"]
    assert message["url"] == FINISHED["url"]


def test_the_same_message_sent_again_is_delivered_once(world: World) -> None:
    first = world.service.send_template(ENGINEER, **FINISHED)
    again = world.service.send_template(ENGINEER, **FINISHED)

    assert first == again
    assert len(world.delivered()) == 1


def test_many_messages_need_one_token(world: World) -> None:
    for number in range(5):
        world.service.send_template(ENGINEER, **finished(f"notice-{number}"))

    assert world.calls(TOKEN) == 1
    assert len(world.delivered()) == 5


def test_a_token_revoked_by_somebody_else_costs_one_refresh(world: World) -> None:
    world.service.send_template(ENGINEER, **FINISHED)
    world.revoke_tokens()

    world.service.send_template(ENGINEER, **finished("notice-8"))

    assert world.calls(SEND) == 3
    assert world.calls(TOKEN) == 3  # ours, the somebody's, ours
    assert len(world.delivered()) == 2


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_token_that_stays_bad_stops_the_channel_after_two_calls(world: World, errcode: int) -> None:
    world.trouble(SEND, next_errors=[errcode] * 10)

    with pytest.raises(WeChatError) as caught:
        world.service.send_template(ENGINEER, **FINISHED)

    assert caught.value.action is Action.STOPPED
    assert caught.value.heals_at(world.clock.now) is None
    assert world.calls(SEND) == 2
    assert world.calls(TOKEN) == 2


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_wrong_secret_stops_the_channel_without_a_loop(world: World, clock: Turned, secret: str) -> None:
    account = Account(SERVICE.appid, secret, world.sandbox.url, world.sandbox.url)

    with pytest.raises(WeChatError) as caught:
        ServiceAccount(account, MemoryStore(), clock=clock).send_template(ENGINEER, **FINISHED)

    assert caught.value.action is Action.STOPPED
    assert world.calls(TOKEN) == 1
    assert world.calls(SEND) == 0


def test_40001_from_the_token_endpoint_means_a_wrong_secret(world: World) -> None:
    world.trouble(TOKEN, next_errors=[40001] * 10)

    with pytest.raises(WeChatError) as caught:
        world.service.send_template(ENGINEER, **FINISHED)

    assert caught.value.action is Action.STOPPED
    assert world.calls(TOKEN) == 1


def test_a_late_answer_may_have_been_delivered_and_can_be_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat.http, "CONNECT_AND_READ_SECONDS", (3.0, 0.3))
    world.trouble(SEND, latency_after=1)
    with pytest.raises(WeChatError) as caught:
        world.service.send_template(ENGINEER, **FINISHED)
    assert caught.value.action is Action.RETRY
    assert caught.value.uncertain

    world.trouble(SEND)
    world.service.send_template(ENGINEER, **FINISHED)

    assert len(world.delivered()) == 1


def test_a_cut_off_answer_may_have_been_delivered(world: World) -> None:
    world.trouble(SEND, next_truncated=1)

    with pytest.raises(WeChatError) as caught:
        world.service.send_template(ENGINEER, **FINISHED)

    assert caught.value.action is Action.RETRY
    assert caught.value.uncertain
    assert len(world.delivered()) == 1


def test_a_server_error_is_tried_later(world: World) -> None:
    world.trouble(SEND, next_status=[502])

    with pytest.raises(WeChatError, match="502") as caught:
        world.service.send_template(ENGINEER, **FINISHED)

    assert caught.value.action is Action.RETRY
    assert caught.value.uncertain


@pytest.mark.parametrize("proxied", [False, True])
def test_where_nobody_listens_nothing_was_sent(world: World, clock: Turned, *, proxied: bool) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    account = (
        Account(SERVICE.appid, SERVICE.secret, world.sandbox.url, proxy=nowhere)
        if proxied
        else Account(SERVICE.appid, SERVICE.secret, nowhere)
    )

    with pytest.raises(WeChatError) as caught:
        ServiceAccount(account, MemoryStore(), clock=clock).send_template(ENGINEER, **FINISHED)

    assert caught.value.action is Action.RETRY
    assert caught.value.uncertain is False


def test_only_the_configured_proxy_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    world.service.send_template(ENGINEER, **FINISHED)

    monkeypatch.undo()
    assert len(world.delivered()) == 1


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize(
    "reply",
    [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, [1], {"errcode": "none"}, {"errcode": 0}, {"access_token": 7}],
)
def test_an_answer_that_cannot_be_read_is_tried_later(
    canned: Canned, clock: Turned, reply: object, *, has_token: bool
) -> None:
    store = MemoryStore()
    if has_token:
        store.put("wechat-token-wx1", StoredToken("T", clock.now + timedelta(hours=1)))

    with pytest.raises(WeChatError) as caught:
        ServiceAccount(Account("wx1", "hush", canned(reply)), store, clock=clock).send_template(ENGINEER, **FINISHED)

    assert caught.value.action is Action.RETRY
    assert caught.value.uncertain is has_token  # without one the message was never handed over


def test_a_send_without_a_msgid_is_a_broken_reply(canned: Canned, clock: Turned) -> None:
    account = Account("wx1", "hush", canned({"access_token": "t", "expires_in": 7200}))

    with pytest.raises(WeChatError, match="broken reply"):
        ServiceAccount(account, MemoryStore(), clock=clock).send_template(ENGINEER, **FINISHED)


def test_a_redirect_is_not_followed_with_the_secret(canned: Canned, clock: Turned) -> None:
    account = Account("wx1", "hush", canned({}, status=302))

    with pytest.raises(WeChatError, match="302"):
        ServiceAccount(account, MemoryStore(), clock=clock).send_template(ENGINEER, **FINISHED)


def test_no_log_line_and_no_traceback_holds_a_secret_or_an_openid(
    world: World, canned: Canned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.service.send_template(ENGINEER, **FINISHED)
    stored = world.store.get(f"wechat-token-{SERVICE.appid}")
    assert stored
    talkative = canned(
        {"errcode": 40003, "errmsg": f"{ENGINEER} {stored.value} no good rid: 6b02a610-9bd75ff5-2a5773d7"}
    )

    refused = failure_at(talkative, world)
    unreachable = failure_at(f"http://127.0.0.1:{free_port()}", world)

    written = caplog.text + "".join(traceback.format_exception(refused) + traceback.format_exception(unreachable))
    assert '"POST /cgi-bin/message/template/send HTTP/1.1" 200' in written
    assert refused.rid == "6b02a610-9bd75ff5-2a5773d7"
    assert refused.rid in caplog.text
    assert unreachable.__context__ is None
    for hidden in (ENGINEER, SERVICE.secret, stored.value):
        assert hidden not in written


def test_two_log_lines_about_one_person_can_be_told_from_two_about_two(
    world: World, canned: Canned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "wechat.http")
    refusing = canned({"errcode": 40003, "errmsg": f"{ENGINEER} is nobody"})
    service = world.new_service()
    service.send_template(ENGINEER, **FINISHED)
    with pytest.raises(WeChatError):
        service.send_template(STRANGER, **FINISHED)

    error = failure_at(refusing, world)

    lines = [record.getMessage() for record in caplog.records if SEND in record.getMessage()]
    marks = [re.findall("o#[0-9a-f]{8}", line) for line in lines]
    assert marks[0][0] == marks[2][0] == marks[2][1]
    assert marks[1][0] != marks[0][0]
    assert error.errmsg == f"{marks[0][0]} is nobody"
    assert all("ms" in line for line in lines)


def test_who_is_behind_a_mark_is_not_to_be_guessed_without_the_secret(canned: Canned) -> None:
    refusing = canned({"errcode": 40003, "errmsg": "zhangsan"})
    marks = set()
    for secret in ("hush", "hush-hush"):
        with pytest.raises(WeChatError) as caught:
            Wire(refusing, pepper=secret).ask(Call("/any", person="zhangsan"))
        marks.add(caught.value.errmsg)

    assert len(marks) == 2


def test_reading_an_account_or_a_token_aloud_tells_no_secret(world: World) -> None:
    world.service.send_template(ENGINEER, **FINISHED)
    stored = world.store.get(f"wechat-token-{SERVICE.appid}")

    assert stored
    assert stored.value not in repr(stored)
    assert SERVICE.secret not in repr(world.account)


def failure_at(url: str, world: World) -> WeChatError:
    account = Account(SERVICE.appid, SERVICE.secret, url)
    with pytest.raises(WeChatError) as caught:
        ServiceAccount(account, world.store, clock=world.clock).send_template(ENGINEER, **FINISHED)
    return caught.value
