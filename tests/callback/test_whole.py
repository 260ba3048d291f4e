"""The whole way, as processes: the sandbox pushes, the web answers, the worker works, the console shows."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from app.jobs import wakeups
from app.models import Inbound, Notice, WeChatIdentity
from config.settings import Settings
from sandbox.phones import PHONES
from tests.support.processes import Installation
from tests.support.wechat import SEND, Sandbox
from tests.support.world import World

pytestmark = pytest.mark.slow("servers")
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEXT = {"MsgType": "text", "Content": "打印机坏了", "MsgId": 1234567890123456}
LEFT = {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""}


@pytest.mark.parametrize("account", ["service", "mini"])
def test_every_mode_and_form_is_taken_and_evil_is_refused(account: str, whole: Installation, world: World) -> None:
    whole.start("sandbox", "web")
    number = 0
    for mode in ("plain", "compatible", "secure"):
        for form in ("xml", "json"):
            number += 1
            click = {"MsgType": "event", "Event": "VIEW", "EventKey": str(number)}
            first, again = push(whole, account=account, fields=click, mode=mode, form=form, times=2)
            assert first["answers"] == again["answers"] == [{"status": 200, "body": "success"}]
    assert kept(world) == number
    for evil, status in (("signature", 403), ("appid", 403), ("unsigned", 403), ("dtd", 400), ("large", 413)):
        [refused] = push(whole, account=account, fields=TEXT, evil=evil)
        assert [answer["status"] for answer in refused["answers"]] == [status], evil
    [unsigned] = push(whole, account=account, fields=TEXT, mode="plain", form="json", evil="unsigned")
    assert unsigned["answers"][0]["status"] == 403
    assert kept(world) == number
    assert whole.said("web").count("a push was refused") == 6


@SQLITE
def test_a_callback_is_answered_at_once_while_wechat_answers_us_in_thirty_seconds(
    whole: Installation, world: World
) -> None:
    whole.start("sandbox", "web", "worker")
    wechat = Sandbox(whole.sandbox_url)
    wechat.trouble(SEND, latency_before=30)
    for _ in range(12):  # more than are sent at once
        world.ticket("dispatched")
    until(lambda: wechat.calls(SEND) >= 1)
    for number in range(10):
        [sent] = push(whole, account="service", fields={**TEXT, "MsgId": number})
        assert "我的工单" in sent["reply"]
        assert len(sent["answers"]) == 1
    assert wechat.messages() == []  # by now WeChat has not answered us once
    until(lambda: done(world) == 10)


@SQLITE
@pytest.mark.parametrize(
    ("status", "state", "outcome", "reason"),
    [("success", "sent", "delivered", ""), ("failed:user block", "failed", None, "user_block")],
)
def test_what_became_of_a_notice_comes_back(
    status: str, state: str, outcome: str | None, reason: str, whole: Installation, world: World
) -> None:
    whole.start("sandbox", "web", "worker")
    Sandbox(whole.sandbox_url).trouble(SEND, next_outcomes=[status])
    world.ticket("dispatched")
    until(lambda: notice(world).outcome is not None or notice(world).state == "failed")
    assert (notice(world).state, notice(world).outcome, notice(world).reason) == (state, outcome, reason)


@SQLITE
def test_an_engineer_who_taps_unfollow_is_forgotten_and_the_next_notice_says_why(
    whole: Installation, world: World
) -> None:
    whole.start("sandbox", "web", "worker")
    requests.post(f"{whole.sandbox_url}/phone/engineer/unfollow", timeout=5)
    until(lambda: forgotten(world) == 1)
    world.ticket("dispatched")
    until(lambda: notice(world).state == "failed")
    assert notice(world).reason == "not_bound"


def test_a_worker_killed_again_and_again_works_on_everything_once(whole: Installation, world: World) -> None:
    whole.start("sandbox", "web")
    for number in range(12):
        push(whole, account="service", fields={"MsgType": "event", "Event": "VIEW", "EventKey": str(number)})
    for phone in PHONES.values():
        push(whole, account="service", fields=LEFT, openid=phone.openid)
    while done(world) < 16:
        whole.start("worker")
        before = done(world)
        until(lambda before=before: done(world) > before)  # type: ignore[misc]
        whole.kill("worker")
    assert forgotten(world) == 4
    with world.database.reading() as session:
        assert session.scalar(select(func.sum(Inbound.attempts))) == 0


def push(whole: Installation, **wanted: object) -> list[dict[str, Any]]:
    answer = requests.post(f"{whole.sandbox_url}/sandbox/push", json=wanted, timeout=60)
    assert answer.status_code == 200
    pushes: list[dict[str, Any]] = answer.json()["pushes"]
    return pushes


def kept(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbound)) or 0


def done(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbound).where(Inbound.state == "done")) or 0


def notice(world: World) -> Notice:
    """Of the dispatch; it lies two hours back, so the worker tells of it again at once."""
    with world.database.reading() as session:
        return session.scalars(select(Notice).where(Notice.kind == "dispatched")).one()


def forgotten(world: World) -> int:
    gone = select(func.count()).select_from(WeChatIdentity).where(WeChatIdentity.forgotten_at.is_not(None))
    with world.database.reading() as session:
        return session.scalar(gone) or 0


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def whole(installed: Installation, world: World, settings: Settings) -> Installation:
    """With the small hospital in its database, whose changes wake the worker."""
    world.database.after_commit.append(wakeups.waker(settings))
    return installed
