"""While WeChat lets a sign-in wait, everybody else is served as fast as before."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from app import exchange_slots
from app.runtime import Runtime
from sandbox.accounts import MINI
from tests.api.conftest import TakePhone
from tests.conftest import plain_environ
from tests.support.nursery import Nursery
from tests.support.phone import Phone, code
from tests.support.processes import installation
from tests.support.wechat import Sandbox

SESSION = "/sns/jscode2session"
FOR_EVER = 60  # seconds: longer than any machine is busy


@pytest.mark.slow("servers, and a WeChat that waits")
def test_pages_come_while_many_sign_ins_wait(sqlite_url: str, tmp_path: Path, nursery: Nursery) -> None:
    mini = {"WECHAT_MINI_APPID": MINI.appid, "WECHAT_MINI_SECRET": MINI.secret, "WEB_THREADS": "2"}
    with installation({**plain_environ(sqlite_url, tmp_path), **mini}, tmp_path, nursery) as installed:
        installed.start("sandbox", "web")
        sandbox = Sandbox(installed.sandbox_url)
        sandbox.trouble(SESSION, latency_before=5)

        def sign_in(number: int) -> int:
            address = f"{installed.url}/api/v1/sessions"
            return requests.post(address, json={"code": f"code-{number}"}, timeout=30).status_code

        with ThreadPoolExecutor(16) as pool:
            answers = [pool.submit(sign_in, number) for number in range(16)]
            while not sandbox.calls(SESSION):
                time.sleep(0.02)
            for _ in range(10):
                assert requests.get(f"{installed.url}/healthz", timeout=30).ok
            assert not all(answer.done() for answer in answers)  # who waited for WeChat still does
            assert {answer.result() for answer in answers} == {503}


def test_who_finds_no_turn_waits_for_one_for_a_moment(
    nurse: Phone, runtime: Runtime, wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_slots, "PATIENCE", FOR_EVER)
    with ThreadPoolExecutor(1) as pool, runtime.exchanges.turn(), runtime.exchanges.turn():
        answer = pool.submit(nurse.sign_in, wechat.code("nurse"))
        time.sleep(0.1)
        assert not answer.done()
    assert answer.result().status_code == 201


def test_one_more_than_may_wait_is_told_and_the_next_at_once_and_their_codes_are_not_used(
    nurse: Phone, runtime: Runtime, wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, calls = wechat.code("nurse"), wechat.calls(SESSION)
    with runtime.exchanges.turn(), runtime.exchanges.turn():
        for patience, least in ((exchange_slots.PATIENCE, exchange_slots.PATIENCE), (FOR_EVER, 0)):
            monkeypatch.setattr(exchange_slots, "PATIENCE", patience)
            began = time.monotonic()
            assert code(nurse.sign_in(given)) == (503, "wechat_busy")
            assert least <= time.monotonic() - began < FOR_EVER
    assert wechat.calls(SESSION) == calls
    assert nurse.sign_in(given).status_code == 201


def test_made_up_codes_take_only_the_turns_of_strangers(
    take_phone: TakePhone, runtime: Runtime, wechat: Sandbox
) -> None:
    nurse, stranger = take_phone("nurse"), take_phone("stranger")
    with runtime.exchanges.turn(stranger=True):
        assert nurse.sign_in(wechat.code("nurse")).status_code == 201
        for _ in range(10):
            assert code(nurse.sign_in("made-up")) == (403, "sign_in_again")
        calls = wechat.calls(SESSION)
        assert code(stranger.sign_in("made-up")) == (503, "wechat_busy")
    assert wechat.calls(SESSION) == calls
    assert stranger.sign_in(wechat.code("stranger")).status_code == 201


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "WEB_THREADS": "3"}


def test_whoever_waited_makes_room_again(take_phone: TakePhone, wechat: Sandbox) -> None:
    stranger = take_phone("stranger")
    for _ in range(3):
        assert code(stranger.post("/phone", {"code": "made-up"})) == (403, "sign_in_again")
        assert code(stranger.sign_in("made-up")) == (403, "sign_in_again")
    assert stranger.sign_in(wechat.code("stranger")).status_code == 201
