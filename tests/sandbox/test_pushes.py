"""The sandbox pushes as WeChat does: both signatures, three modes, two forms, three tries, and evil on demand."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from defusedxml.ElementTree import fromstring
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

from sandbox import envelope
from sandbox.accounts import ACCOUNTS, MINI, SERVICE
from sandbox.phones import PHONES
from sandbox.server import Running, serve
from tests.sandbox.conftest import CREDENTIALS, Listener, utf8
from tests.sandbox.test_template_messages import PATH, message

NURSE = PHONES["nurse"].openid
TEXT = {"MsgType": "text", "Content": "打印机坏了", "MsgId": 1234567890123456}
POPUP = {"MsgType": "event", "Event": "subscribe_msg_popup_event"}
ENTRY = {"TemplateId": "t", "SubscribeStatusString": "accept", "PopupScene": "0"}


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("account", ["service", "mini"])
def test_wechatpy_takes_an_encrypted_push(account: str, form: str, sandbox: Running, listener: Listener) -> None:
    ask(sandbox, account=account, fields=TEXT, form=form)
    [(path, query, body)] = listener.got
    assert path == f"/wechat/callback/{account}"
    assert b"Content" not in body
    assert decrypted(account, query, body, form) == {
        "ToUserName": ACCOUNTS[account].original_id,
        "FromUserName": NURSE,
        "CreateTime": "1795000000",
        **{name: str(value) for name, value in TEXT.items()},
    }


def test_wechatpy_takes_a_plain_push(sandbox: Running, listener: Listener) -> None:
    ask(sandbox, account="service", fields=TEXT, mode="plain")
    [(_, query, body)] = listener.got
    check_signature(SERVICE.token, query["signature"], query["timestamp"], query["nonce"])
    assert "msg_signature" not in query
    assert parse_message(body).content == "打印机坏了"


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_compatible_push_says_everything_twice(form: str, sandbox: Running, listener: Listener) -> None:
    ask(sandbox, account="service", fields=TEXT, mode="compatible", form=form)
    [(_, query, body)] = listener.got
    assert "打印机坏了" in body.decode()
    assert decrypted("service", query, body, form)["Content"] == "打印机坏了"


@pytest.mark.parametrize(("count", "kind"), [(1, dict), (2, list)])
def test_one_entry_is_an_object_and_several_are_an_array(
    count: int, kind: type, sandbox: Running, listener: Listener
) -> None:
    for form in ("json", "xml"):
        ask(sandbox, account="mini", fields={**POPUP, "List": [ENTRY] * count}, mode="plain", form=form)
    assert isinstance(json.loads(listener.got[0][2])["List"], kind)
    assert listener.got[1][2].decode().count("<List>") == count
    assert "<SubscribeMsgPopupEvent><List><TemplateId>" in listener.got[1][2].decode()


@pytest.mark.parametrize(
    ("answers", "tries"),
    [
        ([(200, b"success")], 1),
        ([(200, b"")], 1),
        ([(200, b"<xml><Content><![CDATA[hi]]></Content></xml>")], 1),
        ([(500, b"success"), (200, b"success")], 2),
        ([(200, b"no"), (302, b""), (403, b""), (200, b"success")], 3),
    ],
)
def test_there_are_three_tries_with_one_body_until_it_is_taken(
    answers: list[tuple[int, bytes]], tries: int, sandbox: Running, listener: Listener
) -> None:
    listener.answers = list(answers)
    [sent] = ask(sandbox, account="service", fields=TEXT)
    assert [answer["status"] for answer in sent["answers"]] == [status for status, _ in answers[:tries]]
    assert len(listener.got) == tries
    assert len({(str(query), body) for _, query, body in listener.got}) == 1


def test_nobody_there_is_tried_three_times() -> None:
    with serve(app_url="http://localhost:9", environ={"APP_ENV": "test"}) as sandbox:
        [sent] = ask(sandbox, account="service", fields=TEXT)
    assert sent["answers"] == [{"status": 0, "body": ""}] * 3


@pytest.mark.parametrize("evil", ["signature", "appid", "dtd", "large", "unsigned"])
def test_evil_is_what_it_says_and_sent_once(evil: str, sandbox: Running, listener: Listener) -> None:
    listener.answers = [(500, b"")]
    ask(sandbox, account="service", fields=TEXT, evil=evil)
    [(_, query, body)] = listener.got
    if evil == "signature":
        with pytest.raises(InvalidSignatureException):
            decrypted("service", query, body, "xml")
    elif evil == "appid":
        with pytest.raises(InvalidAppIdException):
            decrypted("service", query, body, "xml")
    elif evil == "dtd":
        theirs = WeChatCrypto(SERVICE.token, SERVICE.aes_key, SERVICE.appid)
        inside = theirs.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        assert str(inside).startswith("<!DOCTYPE")
    elif evil == "large":
        assert len(body) > 1_000_000
    else:
        assert not query.keys() & {"signature", "msg_signature"}


def test_a_replay_is_the_same_push_again(sandbox: Running, listener: Listener) -> None:
    assert len(ask(sandbox, account="service", fields=TEXT, times=3)) == 3
    assert len({body for _, _, body in listener.got}) == 1


def test_a_delivered_template_is_followed_by_its_outcome_once(sandbox: Running, listener: Listener) -> None:
    trouble = {"path": PATH, "next_outcomes": ["failed: system failed"]}
    requests.post(f"{sandbox.url}/sandbox/knobs", json=trouble, timeout=5).raise_for_status()
    token = requests.post(f"{sandbox.url}/cgi-bin/stable_token", json=CREDENTIALS, timeout=5).json()["access_token"]
    replies = [
        requests.post(sandbox.url + PATH, params={"access_token": token}, data=utf8(one), timeout=5).json()
        for one in ({**message(), "client_msg_id": "1"}, {**message(), "client_msg_id": "1"}, message())
    ]
    until(lambda: len(listener.got) == 2)
    time.sleep(0.5)
    told = [decrypted("service", query, body, "xml") for _, query, body in listener.got]
    assert {(one["MsgID"], one["Status"]) for one in told} == {
        (str(replies[0]["msgid"]), "failed: system failed"),
        (str(replies[2]["msgid"]), "success"),
    }


@pytest.mark.parametrize(
    ("phone", "act", "form", "expected"),
    [
        ("stranger", "follow", {}, ("subscribe", "")),
        ("nurse", "unfollow", {}, ("unsubscribe", "")),
        ("nurse", "click", {}, ("CLICK", "menu")),
        ("nurse", "scan", {"scene": "bind-7"}, ("SCAN", "bind-7")),
        ("stranger", "scan", {"scene": "bind-7"}, ("subscribe", "qrscene_bind-7")),
    ],
)
def test_what_is_tapped_on_a_phone_is_pushed(
    phone: str, act: str, form: dict[str, str], expected: tuple[str, str], sandbox: Running, listener: Listener
) -> None:
    tap(sandbox, phone, act, **form)
    until(lambda: len(listener.got) == 1)
    told = decrypted("service", *listener.got[0][1:], "xml")
    assert (told["Event"], told["EventKey"], told["FromUserName"]) == (*expected, PHONES[phone].openid)


def test_who_has_left_gets_no_messages_until_he_follows_again(sandbox: Running, listener: Listener) -> None:
    token = requests.post(f"{sandbox.url}/cgi-bin/stable_token", json=CREDENTIALS, timeout=5).json()["access_token"]

    def send() -> int:
        reply = requests.post(sandbox.url + PATH, params={"access_token": token}, data=utf8(message()), timeout=5)
        return int(reply.json()["errcode"])

    assert "取消关注" in tap(sandbox, "engineer", "click").text
    assert "没有关注服务号" in tap(sandbox, "engineer", "unfollow").text
    assert send() == 43004
    tap(sandbox, "engineer", "scan", scene="7")
    assert send() == 0


def test_an_answer_in_words_is_shown_on_the_phone_with_its_links(sandbox: Running, listener: Listener) -> None:
    said = f'您好 &lt;b&gt;\n<a href="{listener_url(sandbox)}/my">我的工单</a>：看进度'
    listener.answers = [(200, f"<xml><MsgType>text</MsgType><Content><![CDATA[{said}]]></Content></xml>".encode())]
    tap(sandbox, "nurse", "say", text="在吗")
    until(lambda: "我的工单" in requests.get(f"{sandbox.url}/phone/nurse/inbox", timeout=5).text)
    shown = requests.get(f"{sandbox.url}/phone/nurse", timeout=5).text
    assert f"/phone/nurse/open?url={listener_url(sandbox)}/my" in shown
    assert "&amp;lt;b" in shown
    assert "我的工单" not in requests.get(f"{sandbox.url}/phone/engineer", timeout=5).text


def test_an_encrypted_answer_is_read_in_both_forms(sandbox: Running, listener: Listener) -> None:
    theirs = WeChatCrypto(SERVICE.token, SERVICE.aes_key, SERVICE.appid)
    in_xml = theirs.encrypt_message("<xml><Content><![CDATA[您好]]></Content></xml>", "1", "1").encode()
    in_json = json.dumps({"Encrypt": envelope.encrypt(MINI, '{"Content": "您好"}', appid=MINI.appid)}).encode()
    for account, said in (("service", in_xml), ("mini", in_json)):
        listener.answers = [(200, said)]
        assert [sent["reply"] for sent in ask(sandbox, account=account, fields=TEXT)] == ["您好"]


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        {"account": "service"},
        {"account": "nobody", "fields": {}},
        {"account": "mini", "fields": TEXT, "mode": "loud"},
        {"account": "mini", "fields": TEXT, "form": "yaml"},
        {"account": "mini", "fields": TEXT, "evil": "banana"},
        {"account": "mini", "fields": TEXT, "times": 1000},
    ],
)
def test_a_push_that_is_not_understood_is_explained(wanted: object, sandbox: Running) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/push", json=wanted, timeout=5)
    assert answer.status_code == 400
    assert "expected account (service, mini)" in answer.json()["error"]


def test_an_unknown_phone_does_nothing(sandbox: Running, listener: Listener) -> None:
    assert requests.post(f"{sandbox.url}/phone/ghost/follow", timeout=5).json()["errcode"] == 40066
    assert requests.get(f"{sandbox.url}/sandbox/pushes", timeout=5).json() == {"pushes": []}


def ask(sandbox: Running, **wanted: object) -> list[dict[str, Any]]:
    answer = requests.post(f"{sandbox.url}/sandbox/push", json=wanted, timeout=30)
    assert answer.status_code == 200
    pushes: list[dict[str, Any]] = answer.json()["pushes"]
    return pushes


def tap(sandbox: Running, phone: str, act: str, **form: str) -> requests.Response:
    return requests.post(f"{sandbox.url}/phone/{phone}/{act}", data=form, timeout=5)


def decrypted(account: str, query: dict[str, str], body: bytes, form: str) -> dict[str, str]:
    """Read by wechatpy; a JSON body is given to it the only way it takes one."""
    known = ACCOUNTS[account]
    theirs = WeChatCrypto(known.token, known.aes_key, known.appid)
    letter = body if form == "xml" else {"Encrypt": json.loads(body)["Encrypt"]}
    inside = theirs.decrypt_message(letter, query["msg_signature"], query["timestamp"], query["nonce"])
    if form == "json":
        return {name: str(value) for name, value in json.loads(inside).items()}
    return {element.tag: element.text or "" for element in fromstring(inside)}


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def listener_url(sandbox: Running) -> str:
    return sandbox._here.app_url  # noqa: SLF001
