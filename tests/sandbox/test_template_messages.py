import pytest
import requests

from sandbox.message_templates import TEMPLATES
from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import Post, Seconds
from tests.sandbox.test_field_rules import GOOD

PATH = "/cgi-bin/message/template/send"
FIELDS = {
    "character_string1": "T20261120-0007",
    "thing2": "打印机",
    "thing3": "内科 3 楼",
    "time4": "2026年11月20日 16:30",
    "phrase5": "紧急",
}


def test_a_good_message_is_delivered_without_the_fields_the_template_does_not_have(
    running: Running, post: Post, token: str
) -> None:
    reply = post(PATH, message(first="您好"), access_token=token)

    assert reply == {"errcode": 0, "errmsg": "ok", "msgid": 3428411849815982087}
    [delivered] = requests.get(running.url + "/sandbox/messages", timeout=5).json()["messages"]
    assert delivered == {
        "channel": "template",
        "openid": PHONES["engineer"].openid,
        "user_id": "",
        "template_id": "sandbox-dispatched",
        "url": "http://localhost:18999/r/abc",
        "client_msg_id": "notice-7",
        "msgid": "3428411849815982087",
        "at": "2026-11-18T11:06:40+00:00",
        "fields": FIELDS,
    }


def test_a_follower_of_the_demo_without_a_phone_of_his_own_gets_his_message(
    running: Running, post: Post, token: str
) -> None:
    follower = "oDemo" + "a" * 23

    assert post(PATH, {**message(), "touser": follower}, access_token=token)["errcode"] == 0
    assert post(PATH, {**message(), "touser": follower + "a"}, access_token=token)["errcode"] == 40003
    [delivered] = requests.get(running.url + "/sandbox/messages", timeout=5).json()["messages"]
    assert delivered["openid"] == follower


def test_a_message_id_counts_per_person_for_ten_minutes(post: Post, token: str, seconds: Seconds) -> None:
    def msgid(name: str) -> object:
        return post(PATH, {**message(), "touser": PHONES[name].openid}, access_token=token)["msgid"]

    first = msgid("engineer")
    seconds.now += 599
    assert msgid("engineer") == first
    assert msgid("nurse") != first
    seconds.now += 1
    assert msgid("engineer") != first


def test_messages_without_an_id_are_all_delivered(post: Post, token: str) -> None:
    anonymous = {**message(), "client_msg_id": None}

    assert post(PATH, anonymous, access_token=token) != post(PATH, anonymous, access_token=token)


@pytest.mark.parametrize(
    ("change", "errcode", "errmsg"),
    [
        ({"touser": "oNobody"}, 40003, "invalid openid rid: "),
        ({"touser": None}, 40003, "invalid openid rid: "),
        ({"touser": PHONES["stranger"].openid}, 43004, "require subscribe rid: "),
        ({"template_id": "other"}, 40037, "invalid template_id rid: "),
        ({"template_id": "sandbox-mini-finished"}, 40037, "invalid template_id rid: "),
        ({"template_id": ["x"]}, 40037, "invalid template_id rid: "),
        ({"url": "http://localhost/" + "x" * 1024}, 40039, "invalid url size rid: "),
        ({"data": None}, 47003, "argument invalid! data.character_string1.value is empty rid: "),
    ],
)
def test_a_message_that_cannot_be_sent_is_refused_in_wechats_words(
    post: Post, token: str, change: dict[str, object], errcode: int, errmsg: str
) -> None:
    reply = post(PATH, {**message(), **change}, access_token=token)

    assert reply["errcode"] == errcode
    assert str(reply["errmsg"]).startswith(errmsg)


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("character_string1", "工单7", "invalid"),
        ("thing2", "一" * 21, "invalid"),
        ("thing2", "", "is empty"),
        ("thing3", None, "is empty"),
        ("time4", "2026-11-20 16:30", "invalid"),
        ("phrase5", "P1", "invalid"),
        ("phrase5", 7, "invalid"),
    ],
)
def test_a_field_that_does_not_fit_is_named(post: Post, token: str, field: str, value: object, wrong: str) -> None:
    reply = post(PATH, message(**{field: value}), access_token=token)

    assert reply["errcode"] == 47003
    assert str(reply["errmsg"]).startswith(f"argument invalid! data.{field}.value {wrong} rid: ")


def test_a_call_needs_a_token(post: Post) -> None:
    assert post(PATH, message())["errcode"] == 41001
    assert post(PATH, message(), access_token="made-up")["errcode"] == 40001


def test_all_templates_have_a_title_and_fields_of_known_types() -> None:
    known = {name.rstrip("0123456789") for name in GOOD}
    for template in TEMPLATES.values():
        assert template.title
        assert template.fields
        assert {name.rstrip("0123456789") for name in template.fields} <= known


def message(**changes: object) -> dict[str, object]:
    return {
        "touser": PHONES["engineer"].openid,
        "template_id": "sandbox-dispatched",
        "url": "http://localhost:18999/r/abc",
        "client_msg_id": "notice-7",
        "data": {name: {"value": value} for name, value in {**FIELDS, **changes}.items()},
    }
