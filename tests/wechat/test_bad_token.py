"""A bad token costs two calls, a revoked one is renewed once, and every message is sent once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

import wechat.token_client
from sandbox.accounts import SERVICE
from sandbox.phones import PHONES
from tests.wechat.conftest import World
from tests.wechat.messages import ENGINEER, FINISHED, SEND, TOKEN, finished
from wechat.account import ServiceAccount
from wechat.errors import Action, WeChatError

T = TypeVar("T")
CARD = {"title": "派单", "text": "内科 3 楼打印机", "url": "http://localhost:8000/engineer"}


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_with_many_messages_in_flight_a_bad_token_costs_two_calls(world: World, errcode: int) -> None:
    world.trouble(SEND, next_errors=[errcode] * 50, latency_before=0.1)

    errors = all_at_once(10, lambda number: failure(world.service, number))

    assert {error.action for error in errors} == {Action.STOPPED}
    assert {error.errcode for error in errors} == {errcode}
    assert world.calls(SEND) == 2
    assert world.calls(TOKEN) == 2


def test_a_bad_token_is_tried_again_after_a_minute_and_by_one(world: World) -> None:
    world.trouble(SEND, next_errors=[40001] * 50)
    failure(world.service)
    world.clock.forward(59)
    failure(world.service)
    assert world.calls(SEND) == 2

    world.clock.forward(1)
    errors = all_at_once(10, lambda number: failure(world.service, number))

    assert world.calls(SEND) == 4
    assert {error.action for error in errors} == {Action.STOPPED}


def test_the_channel_resumes_by_itself_when_it_is_healed(world: World) -> None:
    world.trouble(SEND, next_errors=[40001] * 2)
    failure(world.service)
    world.clock.forward(60)

    world.service.send_template(ENGINEER, **FINISHED)

    assert len(world.delivered()) == 1


def test_a_wrong_secret_is_asked_about_once_however_many_messages_wait(world: World) -> None:
    service = world.new_service(secret="wrong")

    errors = all_at_once(10, lambda number: failure(service, number))

    assert {error.errcode for error in errors} == {40125}
    assert world.calls(TOKEN) == 1
    assert world.calls(SEND) == 0


def test_a_token_that_worked_and_stays_bad_stops_the_channel(world: World) -> None:
    world.service.send_template(ENGINEER, **FINISHED)
    world.trouble(SEND, next_errors=[42001] * 50)

    for number in range(5):
        assert failure(world.service, number).action is Action.STOPPED

    assert world.calls(SEND) == 1 + 2


def test_a_token_revoked_in_mid_flight_is_renewed_once_and_every_message_is_sent_once(world: World) -> None:
    services = [world.new_service() for _ in range(4)]

    def send(number: int) -> str:
        if number == 30:
            world.revoke_tokens()
        return services[number % 4].send_template(ENGINEER, **finished(f"notice-{number}"))

    with ThreadPoolExecutor(8) as threads:
        msgids = list(threads.map(send, range(80)))

    assert len(set(msgids)) == 80
    assert len(world.delivered()) == 80
    assert world.calls(TOKEN) == 3  # the first, the somebody's, the renewal


def test_a_new_token_is_tried_by_one_and_the_others_follow_all_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat.token_client, "_TURN_SECONDS", 2)  # too little for eight one after another
    world.trouble(SEND, latency_before=0.4)

    msgids = all_at_once(8, lambda number: world.service.send_template(ENGINEER, **finished(f"notice-{number}")))

    assert len(set(msgids)) == 8
    assert world.calls(TOKEN) == 1


def test_nobody_waits_for_a_token_being_tried_longer_than_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat.token_client, "_TURN_SECONDS", 0.2)
    world.trouble(SEND, latency_before=0.6)

    done = all_at_once(2, lambda number: attempt(world.service, number))

    [gave_up] = [error for error in done if error]
    assert gave_up.action is Action.RETRY
    assert gave_up.uncertain is False
    assert world.calls(SEND) == 1


def test_a_token_that_was_good_enough_for_a_refusal_holds_nobody_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WeChatError, match="require subscribe"):
        world.service.send_template(PHONES["stranger"].openid, **FINISHED)
    monkeypatch.setattr(wechat.token_client, "_TURN_SECONDS", 0)
    world.trouble(SEND, latency_before=0.5)

    assert all_at_once(4, lambda number: attempt(world.service, number)) == [None] * 4


def test_trouble_on_the_way_says_nothing_about_the_token(world: World) -> None:
    for trouble in ({"next_status": [500]}, {"next_errors": [-1]}, {"next_truncated": 1}):
        world.trouble(SEND, **trouble)
        assert failure(world.service).action is Action.RETRY
    world.trouble(SEND, next_errors=[40001])

    world.service.send_template(ENGINEER, **FINISHED)

    assert world.calls(SEND) == 5
    assert world.calls(TOKEN) == 2


def test_a_token_is_not_believed_in_for_a_busy_answer(world: World) -> None:
    world.trouble(SEND, next_errors=[-1])
    failure(world.service)
    world.trouble(SEND, next_errors=[40001] * 50, latency_before=0.1)

    all_at_once(10, lambda number: failure(world.service, number))

    assert world.calls(SEND) == 1 + 2


def test_the_mini_program_renews_its_token_in_the_same_way(world: World) -> None:
    phone = PHONES["nurse"]
    world.control("credits", phone="nurse", template_id="sandbox-mini-finished", number=2)
    send = "/cgi-bin/message/subscribe/send"
    world.trouble(send, next_errors=[42001])
    world.mini.send_subscription(
        phone.mini_openid, template_id="sandbox-mini-finished", fields=FINISHED["fields"], page="pages/rate/index"
    )
    assert (world.calls(TOKEN), world.calls(send)) == (2, 2)

    world.trouble(send, next_errors=[40001] * 9)
    with pytest.raises(WeChatError) as caught:
        world.mini.send_subscription(
            phone.mini_openid, template_id="sandbox-mini-finished", fields=FINISHED["fields"], page="pages/rate/index"
        )

    assert caught.value.action is Action.STOPPED
    assert (world.calls(TOKEN), world.calls(send)) == (3, 4)


@pytest.mark.parametrize("errcode", [40014, 42001])
def test_wecom_renews_its_token_in_the_same_way(world: World, errcode: int) -> None:
    token, send = "/cgi-bin/gettoken", "/cgi-bin/message/send"
    world.trouble(send, next_errors=[errcode])
    world.wecom.send_card("engineer", **CARD)
    assert (world.calls(token), world.calls(send)) == (2, 2)

    world.trouble(send, next_errors=[errcode] * 9)
    with pytest.raises(WeChatError) as caught:
        world.wecom.send_card("engineer", **CARD)

    assert caught.value.action is Action.STOPPED
    assert (world.calls(token), world.calls(send)) == (3, 4)


def test_40001_is_a_wrong_secret_in_wecom_and_renews_nothing(world: World) -> None:
    wecom = world.new_wecom(secret="wrong")

    for _ in range(3):
        with pytest.raises(WeChatError) as caught:
            wecom.send_card("engineer", **CARD)
        assert (caught.value.errcode, caught.value.action) == (40001, Action.STOPPED)

    assert world.calls("/cgi-bin/gettoken") == 1


def test_the_tokens_of_two_accounts_are_kept_apart(world: World) -> None:
    world.service.send_template(ENGINEER, **FINISHED)
    world.wecom.send_card("engineer", **CARD)

    service, wecom = (
        world.store.get(f"wechat-token-{SERVICE.appid}"),
        world.store.get("wecom-token-wwsandboxcorp01-1000002"),
    )

    assert service
    assert wecom
    assert service.value != wecom.value


def all_at_once(many: int, act: Callable[[int], T]) -> list[T]:
    start = Barrier(many)

    def together(number: int) -> T:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(many) as threads:
        return list(threads.map(together, range(many)))


def attempt(service: ServiceAccount, number: int = 0) -> WeChatError | None:
    try:
        service.send_template(ENGINEER, **finished(f"notice-{number}"))
    except WeChatError as error:
        return error
    return None


def failure(service: ServiceAccount, number: int = 0) -> WeChatError:
    error = attempt(service, number)
    assert error
    return error
