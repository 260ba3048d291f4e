from urllib.parse import urlencode

import pytest
import requests

from sandbox.accounts import SERVICE
from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import APP_URL, Post, Seconds

QUERY = {
    "appid": SERVICE.appid,
    "redirect_uri": f"{APP_URL}/sign-in/return",
    "response_type": "code",
    "scope": "snsapi_base",
    "state": "s1",
}
EXCHANGE = {"appid": SERVICE.appid, "secret": SERVICE.secret, "grant_type": "authorization_code"}


@pytest.mark.parametrize("redirect_uri", [f"{APP_URL}/back", f"{APP_URL}/back?next=%2Fr%2Fabc"])
def test_a_known_phone_comes_back_silently_with_a_code(running: Running, redirect_uri: str) -> None:
    target = authorize(running, {**QUERY, "redirect_uri": redirect_uri}, "nurse").headers["Location"]

    joint = "&" if "?" in redirect_uri else "?"
    assert target.startswith(f"{redirect_uri}{joint}code=")
    assert target.endswith("&state=s1")


def test_a_browser_that_is_no_phone_is_asked_and_then_remembered(running: Running) -> None:
    with requests.Session() as browser:
        page = browser.get(f"{running.url}/connect/oauth2/authorize?{urlencode(QUERY)}", timeout=5)
        assert page.status_code == 200
        assert all(phone.label in page.text for phone in PHONES.values())

        chosen = browser.get(
            f"{running.url}/connect/oauth2/authorize/nurse?{urlencode(QUERY)}", timeout=5, allow_redirects=False
        )
        assert browser.cookies["sandbox_phone"] == "nurse"
        back = browser.get(running.url + chosen.headers["Location"], timeout=5, allow_redirects=False)

    assert back.headers["Location"].startswith(f"{APP_URL}/sign-in/return?code=")


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"appid": ""}, 10012),
        ({"appid": "wx0"}, 10003),
        ({"redirect_uri": ""}, 10011),
        ({"redirect_uri": "http://elsewhere.example/back"}, 10003),
        ({"redirect_uri": "javascript://localhost/back"}, 10003),
        ({"response_type": "token"}, 10003),
        ({"scope": ""}, 10010),
        ({"scope": "snsapi_login"}, 10005),
        ({"state": ""}, 10013),
        ({"state": "a-b"}, 10003),
        ({"state": "a" * 129}, 10003),
        ({"extra": "1"}, 10003),
    ],
)
def test_a_wrong_request_is_told_on_a_page_and_never_redirected(
    running: Running, change: dict[str, str], number: int
) -> None:
    for phone in ("nurse", ""):
        answer = authorize(running, {**QUERY, **change}, phone)
        assert answer.status_code == 400
        assert f"错误码 {number}" in answer.text


def test_the_order_of_the_parameters_matters(running: Running) -> None:
    answer = authorize(running, dict(reversed(QUERY.items())), "nurse")

    assert answer.status_code == 400


def test_nobody_chooses_a_phone_there_is_not(running: Running) -> None:
    answer = requests.get(f"{running.url}/connect/oauth2/authorize/ghost?{urlencode(QUERY)}", timeout=5)

    assert answer.status_code == 400


def test_a_code_is_exchanged_once_within_five_minutes(running: Running, seconds: Seconds) -> None:
    first, second = code(running), code(running)

    reply = exchange(running, code=first)
    assert reply["openid"] == PHONES["nurse"].openid
    assert reply["scope"] == "snsapi_base"
    assert "unionid" not in reply
    assert exchange(running, code=first)["errcode"] == 40163
    seconds.now += 300
    assert exchange(running, code=second)["errcode"] == 40029


@pytest.mark.parametrize(
    ("change", "errcode", "errmsg"),
    [
        ({"appid": ""}, 41002, "appid missing"),
        ({"appid": "wx0"}, 40013, "invalid appid"),
        ({"secret": ""}, 41004, "appsecret missing"),
        ({"secret": "guess"}, 40125, "invalid appsecret"),
        ({"code": ""}, 41008, "missing code"),
        ({"code": "made-up"}, 40029, "invalid code"),
        ({"grant_type": "none"}, 40002, "invalid grant_type"),
    ],
)
def test_a_wrong_exchange_is_refused_and_leaves_the_code_good(
    running: Running, change: dict[str, str], errcode: int, errmsg: str
) -> None:
    good = code(running)

    reply = exchange(running, **{"code": good, **change})

    assert reply["errcode"] == errcode
    assert str(reply["errmsg"]).startswith(f"{errmsg}, rid: ")
    assert "openid" in exchange(running, code=good)


def test_more_than_an_openid_is_told_after_a_tap_and_for_two_hours(running: Running, get: Post, turn: Post) -> None:
    turn("switches", unionids=True)
    query = {**QUERY, "scope": "snsapi_userinfo"}
    page = authorize(running, query, "nurse")
    assert (page.status_code, "允许" in page.text) == (200, True)
    reply = exchange(running, code=code(running, query, "POST"))

    assert (reply["scope"], reply["unionid"]) == ("snsapi_userinfo", PHONES["nurse"].unionid)
    who = {"access_token": str(reply["access_token"]), "openid": str(reply["openid"])}
    assert get("/sns/auth", **who) == {"errcode": 0, "errmsg": "ok"}
    told = get("/sns/userinfo", **who, lang="zh_CN")
    assert (told["nickname"], told["sex"], told["unionid"]) == ("护士", 0, PHONES["nurse"].unionid)
    assert get("/sns/auth", **{**who, "openid": PHONES["engineer"].openid})["errcode"] == 40003
    turn("clock", forward=7200)
    assert get("/sns/auth", **who)["errcode"] == 40001
    renewed = get("/sns/oauth2/refresh_token", appid=SERVICE.appid, refresh_token=str(reply["refresh_token"]))
    assert get("/sns/auth", **{**who, "access_token": renewed["access_token"]})["errcode"] == 0


def test_a_silent_sign_in_tells_nothing_more(running: Running, get: Post, token: str) -> None:
    reply = exchange(running, code=code(running))
    who = {"access_token": str(reply["access_token"]), "openid": str(reply["openid"])}

    assert get("/sns/userinfo", **who)["errcode"] == 48001
    assert get("/cgi-bin/getcallbackip", access_token=who["access_token"])["errcode"] == 40001
    assert get("/sns/auth", access_token=token, openid=who["openid"])["errcode"] == 40001


@pytest.mark.parametrize(("change", "errcode"), [({"refresh_token": "made-up"}, 40030), ({"appid": "wx0"}, 40013)])
def test_only_a_real_refresh_token_renews(change: dict[str, str], errcode: int, running: Running, get: Post) -> None:
    good = {"appid": SERVICE.appid, "refresh_token": str(exchange(running, code=code(running))["refresh_token"])}
    assert get("/sns/oauth2/refresh_token", **{**good, **change})["errcode"] == errcode


def authorize(running: Running, query: dict[str, str], phone: str, method: str = "GET") -> requests.Response:
    return requests.request(
        method,
        f"{running.url}/connect/oauth2/authorize?{urlencode(query)}",
        cookies={"sandbox_phone": phone},
        allow_redirects=False,
        timeout=5,
    )


def code(running: Running, query: dict[str, str] = QUERY, method: str = "GET") -> str:
    return authorize(running, query, "nurse", method).headers["Location"].partition("code=")[2].partition("&")[0]


def exchange(running: Running, **query: str) -> dict[str, object]:
    answer = requests.get(f"{running.url}/sns/oauth2/access_token", params={**EXCHANGE, **query}, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain"
    reply: dict[str, object] = answer.json()
    return reply
