import re

import pytest
import requests

from sandbox.server import Running
from tests.sandbox.conftest import CREDENTIALS, Post, Seconds

PATH = "/cgi-bin/stable_token"


@pytest.mark.parametrize(
    ("change", "errcode", "errmsg"),
    [
        ({"grant_type": "password"}, 40002, "invalid grant_type"),
        ({"appid": ""}, 41002, "appid missing"),
        ({"appid": "wx0"}, 40013, "invalid appid"),
        ({"secret": ""}, 41004, "appsecret missing"),
        ({"secret": "guess"}, 40125, "invalid appsecret"),
    ],
)
def test_wrong_credentials_are_refused_in_wechats_words(
    post: Post, change: dict[str, str], errcode: int, errmsg: str
) -> None:
    reply = post(PATH, {**CREDENTIALS, **change})

    assert reply["errcode"] == errcode
    assert re.fullmatch(errmsg + " rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", str(reply["errmsg"]))


@pytest.mark.parametrize(
    ("body", "errcode"), [(b"", 44002), (b"{", 47001), (b"[]", 47001), (b'{"appid":"\\u5de5"}', 40033)]
)
def test_a_body_that_is_no_plain_json_is_refused(running: Running, body: bytes, errcode: int) -> None:
    assert requests.post(running.url + PATH, data=body, timeout=5).json()["errcode"] == errcode


def test_a_token_is_not_to_be_got_by_get(running: Running) -> None:
    assert requests.get(running.url + PATH, timeout=5).json()["errcode"] == 43002


def test_the_same_token_comes_with_what_is_left_of_its_life(post: Post, seconds: Seconds) -> None:
    first = post(PATH, CREDENTIALS)
    assert first["expires_in"] == 7200
    assert len(str(first["access_token"])) == 512

    seconds.now += 1000

    assert post(PATH, CREDENTIALS) == {"access_token": first["access_token"], "expires_in": 6200}


def test_the_next_token_is_made_in_the_last_five_minutes_while_the_old_one_lives_on(
    post: Post, seconds: Seconds
) -> None:
    first = post(PATH, CREDENTIALS)
    seconds.now += 7200 - 300
    second = post(PATH, CREDENTIALS)

    assert second["access_token"] != first["access_token"]
    assert tried(post, first) == 40003
    seconds.now += 301
    assert tried(post, first) == 42001
    assert tried(post, second) == 40003


def test_a_forced_refresh_kills_the_token_before(post: Post) -> None:
    first = post(PATH, CREDENTIALS)
    second = post(PATH, {**CREDENTIALS, "force_refresh": True})

    assert tried(post, first) == 40001
    assert tried(post, second) == 40003


def tried(post: Post, token: dict[str, object]) -> object:
    return post("/cgi-bin/message/template/send", {"touser": "nobody"}, access_token=str(token["access_token"]))[
        "errcode"
    ]
