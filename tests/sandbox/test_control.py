import json
from time import monotonic

import pytest
import requests

from sandbox.server import Running
from tests.sandbox.conftest import CREDENTIALS, Post, utf8
from tests.sandbox.test_pushes import until
from tests.sandbox.test_template_messages import PATH, message

TOKEN = "/cgi-bin/stable_token"


def test_errors_come_in_the_order_given_and_then_end(running: Running, post: Post) -> None:
    turn(running, TOKEN, next_errors=[-1, 45009])

    assert post(TOKEN, CREDENTIALS)["errcode"] == -1
    assert str(post(TOKEN, CREDENTIALS)["errmsg"]).startswith("reach max api daily quota limit rid: ")
    assert "access_token" in post(TOKEN, CREDENTIALS)


def test_a_status_comes_before_anything_has_happened(running: Running, post: Post, token: str) -> None:
    turn(running, PATH, next_status=[500])

    assert requests.post(running.url + PATH, timeout=5).status_code == 500
    assert post(PATH, message(), access_token=token)["errcode"] == 0


def test_a_late_answer_comes_after_the_delivery(running: Running, token: str) -> None:
    turn(running, PATH, latency_after=60)
    with pytest.raises(requests.Timeout):
        requests.post(
            running.url + PATH,
            params={"access_token": token},
            data=utf8(message()),
            timeout=0.3,
        )

    until(lambda: len(requests.get(f"{running.url}/sandbox/messages", timeout=5).json()["messages"]) == 1)


def test_a_late_start_delays_the_delivery(running: Running, post: Post, token: str) -> None:
    turn(running, PATH, latency_before=0.3)
    started = monotonic()

    post(PATH, message(), access_token=token)

    assert monotonic() - started >= 0.3


def test_a_truncated_answer_is_no_json(running: Running, post: Post) -> None:
    turn(running, TOKEN, next_truncated=1)

    with pytest.raises(json.JSONDecodeError):
        post(TOKEN, CREDENTIALS)
    assert "access_token" in post(TOKEN, CREDENTIALS)


def test_an_answer_may_never_arrive_though_the_work_is_done(running: Running, post: Post, token: str) -> None:
    turn(running, PATH, next_dropped=1)
    with pytest.raises(requests.ConnectionError):
        requests.post(running.url + PATH, params={"access_token": token}, data=utf8(message()), timeout=5)

    assert len(requests.get(f"{running.url}/sandbox/messages", timeout=5).json()["messages"]) == 1
    assert post(PATH, message(), access_token=token)["errcode"] == 0


def test_calls_are_counted_by_path(running: Running, post: Post) -> None:
    post(TOKEN, CREDENTIALS)
    post(TOKEN, {})

    assert requests.get(f"{running.url}/sandbox/calls", timeout=5).json()[TOKEN] == 2


@pytest.mark.parametrize("body", [[], {}, {"path": "x"}, {"path": "/x", "latencies": 1}])
def test_a_knob_there_is_not_is_refused(running: Running, body: object) -> None:
    answer = requests.post(f"{running.url}/sandbox/knobs", json=body, timeout=5)

    assert answer.status_code == 400
    assert "latency_before" in answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/cgi-bin/unheard"), ("DELETE", "/sns/oauth2/access_token")])
def test_an_unknown_address_is_answered_as_wechat_does(running: Running, method: str, path: str) -> None:
    answer = requests.request(method, running.url + path, timeout=5)

    assert answer.status_code == 200
    assert answer.json()["errcode"] == 40066


def turn(running: Running, path: str, **knob: object) -> None:
    requests.post(f"{running.url}/sandbox/knobs", json={"path": path, **knob}, timeout=5).raise_for_status()
