import re
from typing import Any

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


def test_a_forced_refresh_is_possible_every_thirty_seconds_twenty_times_a_day(post: Post, seconds: Seconds) -> None:
    forced = {**CREDENTIALS, "force_refresh": True}
    for _ in range(20):
        assert "access_token" in post(PATH, forced)
        seconds.now += 29
        assert post(PATH, forced)["errcode"] == 45011
        seconds.now += 1
    assert post(PATH, forced)["errcode"] == 45009
    assert "access_token" in post(PATH, CREDENTIALS)
    seconds.now += 86_400
    assert "access_token" in post(PATH, forced)


def test_the_old_way_gives_a_new_token_each_time_and_the_one_before_lives_five_minutes_more(
    get: Post, post: Post, token: str, seconds: Seconds
) -> None:
    first, second = (get("/cgi-bin/token", **CREDENTIALS) for _ in range(2))

    assert first["access_token"] != second["access_token"]
    assert second["expires_in"] == 7200
    seconds.now += 299
    assert tried(post, first) == 40003
    seconds.now += 1
    assert tried(post, first) == 40001
    assert tried(post, second) == 40003
    assert tried(post, {"access_token": token}) == 40003  # a space of its own
    seconds.now += 7200 - 300
    assert tried(post, second) == 42001


@pytest.mark.parametrize(
    ("change", "errcode"),
    [({"grant_type": "none"}, 40002), ({"appid": ""}, 41002), ({"secret": ""}, 41004), ({"secret": "guess"}, 40125)],
)
def test_the_old_way_checks_who_asks(get: Post, change: dict[str, str], errcode: int) -> None:
    assert get("/cgi-bin/token", **{**CREDENTIALS, **change})["errcode"] == errcode


def test_the_tokens_of_two_accounts_are_not_exchanged(get: Post, post: Post, token: str, mini_token: str) -> None:
    assert get("/cgi-bin/user/info", access_token=mini_token, openid="o")["errcode"] == 48001
    assert post("/wxa/msg_sec_check", {}, access_token=token)["errcode"] == 48001


def test_a_ticket_lives_as_long_as_a_token_and_is_none(get: Post, token: str, seconds: Seconds) -> None:
    first = get("/cgi-bin/ticket/getticket", access_token=token, type="jsapi")
    seconds.now += 100

    assert first["expires_in"] == 7200
    assert get("/cgi-bin/ticket/getticket", access_token=token, type="jsapi") == {**first, "expires_in": 7100}
    assert get("/cgi-bin/ticket/getticket", access_token=token, type="wx_card")["errcode"] == 40097
    assert get("/cgi-bin/ticket/getticket", access_token=first["ticket"], type="jsapi")["errcode"] == 40001


def test_the_addresses_of_the_servers_come_as_networks_too(get: Post, token: str) -> None:
    for path in ("/cgi-bin/getcallbackip", "/cgi-bin/get_api_domain_ip"):
        assert "101.226.103.0/25" in get(path, access_token=token)["ip_list"]


def tried(post: Post, token: dict[str, Any]) -> object:
    return post("/cgi-bin/message/template/send", {"touser": "nobody"}, access_token=str(token["access_token"]))[
        "errcode"
    ]
