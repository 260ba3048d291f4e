"""While WeChat lets a sign-in wait, everybody else is served as fast as before."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from app.exchange_slots import PATIENCE
from app.runtime import Runtime
from sandbox.accounts import MINI
from tests.api.conftest import TakePhone
from tests.conftest import plain_environ
from tests.support.nursery import Nursery
from tests.support.phone import Phone, code
from tests.support.processes import installation
from tests.support.wechat import Sandbox

SESSION = "/sns/jscode2session"


@pytest.mark.slow("servers, and a WeChat that waits")
def test_a_page_comes_within_a_second_while_many_sign_ins_wait(
    sqlite_url: str, tmp_path: Path, nursery: Nursery
) -> None:
    mini = {"WECHAT_MINI_APPID": MINI.appid, "WECHAT_MINI_SECRET": MINI.secret, "WEB_THREADS": "2"}
    with installation({**plain_environ(sqlite_url, tmp_path), **mini}, tmp_path, nursery) as installed:
        installed.start("sandbox", "web")
        Sandbox(installed.sandbox_url).trouble(SESSION, latency_before=5)

        def sign_in(number: int) -> int:
            address = f"{installed.url}/api/v1/sessions"
            return requests.post(address, json={"code": f"code-{number}"}, timeout=30).status_code

        with ThreadPoolExecutor(16) as pool:
            answers = [pool.submit(sign_in, number) for number in range(16)]
            waits = [wait_for_a_page(installed.url) for _ in range(10)]
            assert {answer.result() for answer in answers} == {503}
    assert max(waits) < 1, waits


def test_who_finds_no_turn_waits_for_one_for_a_moment(nurse: Phone, runtime: Runtime, wechat: Sandbox) -> None:
    with ThreadPoolExecutor(1) as pool, runtime.exchanges.turn(), runtime.exchanges.turn():
        answer = pool.submit(nurse.sign_in, wechat.code("nurse"))
        time.sleep(0.1)
        assert not answer.done()
    assert answer.result().status_code == 201


def test_one_more_than_may_wait_is_told_and_the_next_at_once_and_their_codes_are_not_used(
    nurse: Phone, runtime: Runtime, wechat: Sandbox
) -> None:
    given, calls = wechat.code("nurse"), wechat.calls(SESSION)
    with runtime.exchanges.turn(), runtime.exchanges.turn():
        for least, most in ((PATIENCE, 5 * PATIENCE), (0, PATIENCE)):
            began = time.monotonic()
            assert code(nurse.sign_in(given)) == (503, "wechat_busy")
            assert least <= time.monotonic() - began < most
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


def wait_for_a_page(url: str) -> float:
    time.sleep(0.2)
    began = time.monotonic()
    assert requests.get(f"{url}/healthz", timeout=30).ok
    return time.monotonic() - began
