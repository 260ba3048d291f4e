"""Troubles of a whole account, which stay until switched again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests

from sandbox.accounts import MINI
from sandbox.phones import PHONES
from sandbox.server import Running, serve
from tests.sandbox.conftest import APP_URL, CREDENTIALS, Post, Seconds
from tests.sandbox.test_sign_in import code, exchange

NURSE = PHONES["nurse"]
OFF = {"unionids": False, "snapshot": False, "ip_refused": False, "refuse_tokens": 0, "api2_only": False}


def test_all_is_well_until_something_is_switched(running: Running, turn: Post) -> None:
    assert requests.get(f"{running.url}/sandbox/switches", timeout=5).json() == OFF
    assert turn("switches", snapshot=True) == {**OFF, "snapshot": True}
    assert turn("switches", unionids=True) == {**OFF, "snapshot": True, "unionids": True}


@pytest.mark.parametrize("wanted", [{"sanpshot": True}, {"snapshot": 1}, {"refuse_tokens": True}])
def test_a_switch_there_is_not_is_refused(running: Running, wanted: object) -> None:
    answer = requests.post(f"{running.url}/sandbox/switches", json=wanted, timeout=5)

    assert answer.status_code == 400
    assert "refuse_tokens (int)" in answer.json()["error"]


def test_nobody_carries_a_unionid_unless_switched_and_a_silent_sign_in_never(
    running: Running, get: Post, turn: Post, token: str
) -> None:
    def told() -> list[object]:
        js_code = turn("codes", phone="nurse")["code"]
        mini = {"appid": MINI.appid, "secret": MINI.secret, "grant_type": "authorization_code"}
        return [
            get("/sns/jscode2session", js_code=js_code, **mini).get("unionid"),
            get("/cgi-bin/user/info", access_token=token, openid=NURSE.openid).get("unionid"),
            exchange(running, code=code(running)).get("unionid"),
        ]

    assert told() == [None, None, None]
    turn("switches", unionids=True)
    assert told() == [NURSE.unionid, NURSE.unionid, None]


def test_a_snapshot_is_somebody_made_up(running: Running, turn: Post) -> None:
    turn("switches", snapshot=True)
    first, second = (exchange(running, code=code(running)) for _ in range(2))

    assert first["is_snapshotuser"] == 1
    assert len(str(first["openid"])) == 28
    assert len({first["openid"], second["openid"], NURSE.openid}) == 3


def test_an_address_that_is_not_in_the_list_gets_no_token(get: Post, post: Post, turn: Post, wecom_token: str) -> None:
    turn("switches", ip_refused=True)
    refused = post("/cgi-bin/stable_token", CREDENTIALS)

    assert refused["errcode"] == get("/cgi-bin/token", **CREDENTIALS)["errcode"] == 40164
    assert refused["errmsg"].startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ")
    assert post("/cgi-bin/message/send", {}, access_token=wecom_token)["errcode"] == 60020
    turn("switches", ip_refused=False)
    assert "access_token" in post("/cgi-bin/stable_token", CREDENTIALS)


def test_every_token_may_be_refused_for_some_calls(
    get: Post, post: Post, turn: Post, token: str, wecom_token: str
) -> None:
    def asked() -> object:
        return get("/cgi-bin/getcallbackip", access_token=token).get("errcode")

    turn("switches", refuse_tokens=3)

    assert [asked(), asked()] == [40001, 40001]
    assert post("/cgi-bin/message/send", {}, access_token=wecom_token)["errcode"] == 40014
    assert asked() is None


@pytest.mark.parametrize("account", ["service", "wecom"])
def test_a_token_may_be_revoked_at_once(
    account: str, get: Post, post: Post, turn: Post, token: str, wecom_token: str
) -> None:
    turn("revoke", account=account)

    served = "ip_list" in get("/cgi-bin/getcallbackip", access_token=token)
    sent = post("/cgi-bin/message/send", {}, access_token=wecom_token)["errcode"]
    assert (served, sent) == ((False, 40056) if account == "service" else (True, 40014))
    renewed = post("/cgi-bin/stable_token", CREDENTIALS)["access_token"]
    assert (renewed == token) == (account == "wecom")


def test_the_main_address_can_be_shut_and_opened_while_the_other_one_serves(
    running: Running, turn: Post, token: str
) -> None:
    path = f"/cgi-bin/getcallbackip?access_token={token}"
    for _ in range(2):
        turn("switches", api2_only=True)
        with pytest.raises(requests.ConnectionError, match="refused"):
            requests.get(running.url + path, timeout=5)
        assert "ip_list" in requests.get(running.backup_url + path, timeout=5).json()
        turn("switches", api2_only=False)
        assert "ip_list" in requests.get(running.url + path, timeout=5).json()
    running.api2_only()
    with pytest.raises(requests.ConnectionError, match="refused"):
        requests.get(running.url, timeout=5)


def test_time_can_be_put_forward(post: Post, turn: Post, seconds: Seconds) -> None:
    first = post("/cgi-bin/stable_token", CREDENTIALS)
    assert turn("clock", forward=7200) == {"now": seconds.now + 7200}
    assert post("/cgi-bin/stable_token", CREDENTIALS)["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    ("what", "wanted"),
    [
        ("clock", {"forward": -1}),
        ("revoke", {"account": "nobody"}),
        ("codes", {"phone": "ghost"}),
        ("codes", {"phone": "nurse", "kind": "face"}),
        ("credits", {"phone": "nurse", "template_id": "sandbox-urged"}),
        ("credits", {"phone": "nurse", "template_id": "sandbox-mini-finished", "number": 101}),
        ("quotas", {"path": "/x", "weekly": 1}),
        ("quotas", {"path": "/x", "daily": "1"}),
        ("quotas", []),
    ],
)
def test_what_cannot_be_turned_is_said_with_what_was_expected(running: Running, what: str, wanted: object) -> None:
    answer = requests.post(f"{running.url}/sandbox/{what}", json=wanted, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("expected ")


def test_a_kept_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite")) as old:
        old.execute("CREATE TABLE message (msgid INTEGER)")
    with serve(app_url=APP_URL, data_dir=tmp_path, environ={"APP_ENV": "test"}) as running:
        assert requests.get(f"{running.url}/sandbox/messages", timeout=5).json() == {"messages": []}
