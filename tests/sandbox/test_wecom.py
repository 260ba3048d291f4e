"""WeCom: the token of the self-built app, its sign-in, its messages, and the group's robot."""

import re
from urllib.parse import urlencode

import pytest
import requests

from sandbox.accounts import WECOM
from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import APP_URL, Post, Seconds

SEND = "/cgi-bin/message/send"
ROBOT = "/cgi-bin/webhook/send"
QUERY = {
    "appid": WECOM.corpid,
    "redirect_uri": f"{APP_URL}/sign-in/return",
    "response_type": "code",
    "scope": "snsapi_base",
    "state": "s1",
    "agentid": str(WECOM.agentid),
}
CARD = {
    "touser": "engineer",
    "msgtype": "textcard",
    "agentid": WECOM.agentid,
    "textcard": {"title": "新工单", "description": "内科三楼 打印机", "url": f"{APP_URL}/engineer/7"},
    "enable_duplicate_check": 1,
    "duplicate_check_interval": 1800,
}


def test_the_same_token_comes_as_long_as_it_lives(get: Post, seconds: Seconds) -> None:
    credentials = {"corpid": WECOM.corpid, "corpsecret": WECOM.secret}
    first = get("/cgi-bin/gettoken", **credentials)
    seconds.now += 7199

    assert get("/cgi-bin/gettoken", **credentials) == {**first, "expires_in": 1}
    seconds.now += 1
    assert get("/cgi-bin/gettoken", **credentials)["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    ("change", "errcode", "errmsg"),
    [({"corpid": "ww0"}, 40013, "invalid corpid"), ({"corpsecret": "guess"}, 40001, "invalid credential")],
)
def test_who_asks_wrongly_is_refused_in_wecoms_words(
    change: dict[str, str], errcode: int, errmsg: str, get: Post
) -> None:
    reply = get("/cgi-bin/gettoken", **{"corpid": WECOM.corpid, "corpsecret": WECOM.secret, **change})

    assert reply["errcode"] == errcode
    tail = rf", hint: \[\d+_1_[0-9a-f]{{32}}\], from ip: [\d.]+, more info at https://\S+\?e={errcode}"
    assert re.fullmatch(errmsg + tail, reply["errmsg"])


@pytest.mark.parametrize(
    ("path", "member", "outsider"),
    [("/cgi-bin/auth/getuserinfo", "userid", "openid"), ("/cgi-bin/user/getuserinfo", "UserId", "OpenId")],
)
def test_a_sign_in_tells_a_members_user_id_and_an_outsiders_openid(
    path: str, member: str, outsider: str, running: Running, get: Post, wecom_token: str
) -> None:
    def who(phone: str) -> dict[str, object]:
        return get(path, access_token=wecom_token, code=code(running, phone))

    assert who("nurse") == {"errcode": 0, "errmsg": "ok", member: "nurse"}
    assert who("stranger") == {"errcode": 0, "errmsg": "ok", outsider: PHONES["stranger"].wecom_openid}
    assert get(path, access_token=wecom_token, code="made-up")["errcode"] == 40029


@pytest.mark.parametrize(
    "change",
    [{"agentid": "7"}, {"redirect_uri": "http://localhost:1/back"}, {"scope": "snsapi_userinfo"}, {"appid": "ww0"}],
)
def test_a_wrong_sign_in_is_told_on_a_page(change: dict[str, str], running: Running) -> None:
    assert authorized(running, "nurse", **change).status_code == 400


def test_the_token_decides(get: Post, post: Post, token: str, wecom_token: str, seconds: Seconds) -> None:
    assert post(SEND, CARD)["errcode"] == 41001
    assert post(SEND, CARD, access_token=token)["errcode"] == 40014
    assert get("/cgi-bin/getcallbackip", access_token=wecom_token)["errcode"] == 40001
    seconds.now += 7200
    assert post(SEND, CARD, access_token=wecom_token)["errcode"] == 42001


def test_a_card_reaches_whom_it_names_and_says_whom_not(running: Running, post: Post, wecom_token: str) -> None:
    reply = post(SEND, {**CARD, "touser": "Engineer|ghost|nurse"}, access_token=wecom_token)

    assert (reply["errcode"], reply["invaliduser"]) == (0, "ghost")
    messages = requests.get(f"{running.url}/sandbox/messages", timeout=5).json()["messages"]
    assert [(one["channel"], one["user_id"]) for one in messages] == [("wecom", "nurse"), ("wecom", "engineer")]
    assert reply["msgid"] == messages[1]["msgid"]
    assert messages[0]["fields"] == {"title": "新工单", "description": "内科三楼 打印机"}
    assert messages[0]["url"] == f"{APP_URL}/engineer/7"
    for address in ("engineer", "engineer/inbox"):
        shown = requests.get(f"{running.url}/phone/{address}", timeout=5).text
        assert "内科三楼 打印机" in shown
        assert f"/phone/engineer/open?url={APP_URL}/engineer/7" in shown


def test_the_same_request_is_one_message_within_its_interval(
    running: Running, post: Post, wecom_token: str, seconds: Seconds
) -> None:
    def sent(card: dict[str, object]) -> int:
        assert post(SEND, card, access_token=wecom_token)["errcode"] == 0
        return len(requests.get(f"{running.url}/sandbox/messages", timeout=5).json()["messages"])

    assert [sent(CARD), sent(CARD)] == [1, 1]
    assert sent({**CARD, "duplicate_check_interval": 1799}) == 2
    seconds.now += 1800
    assert sent(CARD) == 3
    unchecked = {**CARD, "enable_duplicate_check": 0}
    assert [sent(unchecked), sent(unchecked)] == [4, 5]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"agentid": 7}, 40056),
        ({"touser": "ghost"}, 81013),
        ({"touser": "|".join(["ghost"] * 1001)}, 40058),
        ({"msgtype": "news"}, 40058),
        ({"textcard": {"title": "字" * 43, "description": "x", "url": "https://x.example"}}, 40058),
        ({"textcard": {"title": "新", "description": "字" * 171, "url": "https://x.example"}}, 40058),
        ({"textcard": {"title": "新", "description": "x"}}, 40058),
    ],
)
def test_a_message_that_cannot_be_sent_is_refused(
    change: dict[str, object], errcode: int, post: Post, wecom_token: str
) -> None:
    assert post(SEND, {**CARD, **change}, access_token=wecom_token)["errcode"] == errcode


@pytest.mark.parametrize(
    ("kind", "text", "errcode"),
    [
        ("text", "急" * 682, 0),
        ("text", "急" * 683, 40058),
        ("markdown", "急" * 1365, 0),
        ("markdown", "急" * 1366, 40058),
        ("text", "", 40058),
        ("voice", "急", 40058),
    ],
)
def test_a_robots_limits_are_in_bytes(kind: str, text: str, errcode: int, post: Post) -> None:
    body = {"msgtype": kind, kind: {"content": text}}
    assert post(ROBOT, body, key=WECOM.robot_key)["errcode"] == errcode


def test_a_robot_that_was_removed_says_nothing(post: Post) -> None:
    reply = post(ROBOT, {"msgtype": "text", "text": {"content": "x"}}, key="https://qyapi.weixin.qq.com/…")
    assert reply["errcode"] == 93000
    assert reply["errmsg"].startswith("invalid webhook url, hint: [")


def test_the_group_sees_what_the_robot_says(running: Running, post: Post) -> None:
    post(ROBOT, {"msgtype": "text", "text": {"content": "T-7 还没有人接单"}}, key=WECOM.robot_key)

    [said] = requests.get(f"{running.url}/sandbox/messages", timeout=5).json()["messages"]
    assert (said["channel"], said["fields"]) == ("robot", {"content": "T-7 还没有人接单"})
    for address in ("/group", "/group/inbox"):
        assert "T-7 还没有人接单" in requests.get(running.url + address, timeout=5).text
    assert "T-7" not in requests.get(f"{running.url}/phone/engineer", timeout=5).text
    assert "/group" in requests.get(running.url, timeout=5).text


def authorized(running: Running, phone: str, **change: str) -> requests.Response:
    return requests.get(
        f"{running.url}/connect/oauth2/authorize?{urlencode({**QUERY, **change})}",
        cookies={"sandbox_phone": phone},
        allow_redirects=False,
        timeout=5,
    )


def code(running: Running, phone: str) -> str:
    return authorized(running, phone).headers["Location"].partition("code=")[2].partition("&")[0]
