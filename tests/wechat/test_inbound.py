"""Pushes in every form WeChat sends, and everything else refused with its own reason."""

import json

import pytest
from wechatpy import parse_message

from tests.wechat.pushes import (
    NONCE,
    OFFICIAL,
    SEAL,
    TEXT,
    WHEN,
    encrypted_query,
    envelope,
    official_query,
    official_seal,
    plain_query,
)
from wechat.crypto import BadPush, Fault
from wechat.push import LARGEST, Push, check_address, parse, read

POPUP = {
    "ToUserName": "gh_123456789abc",
    "FromUserName": "o7esq5OI1Uej6Xixw1lA2H7XDVbc",
    "CreateTime": "1620973045",
    "MsgType": "event",
    "Event": "subscribe_msg_popup_event",
}
ENTRY = {"TemplateId": "hD-ix", "SubscribeStatusString": "accept", "PopupScene": "0"}


def test_the_official_address_check_is_answered_with_its_echostr() -> None:
    assert check_address(OFFICIAL["get"], official_seal()) == "4375120948345356249"


def test_the_official_encrypted_json_push_is_read() -> None:
    push = read(official_query(), official_body(), official_seal(), plain_allowed=False)
    assert (push.kind, push.event, push.value("debug_str")) == ("event", "debug_demo", "hello world")
    assert push.text == OFFICIAL["plaintext"]
    assert push.encrypted
    assert push.created == 1714112445


def test_with_encryption_only_the_signature_of_the_body_decides() -> None:
    for query in (official_query(signature="wrong"), official_query(openid=""), official_query()):
        assert read(query, official_body("gh_another"), official_seal(), plain_allowed=False).event == "debug_demo"


def test_an_encrypted_xml_push_is_read() -> None:
    push = encrypted(TEXT)
    assert (push.kind, push.openid, push.value("Content")) == ("text", "oUser", "打印机坏了")


def test_of_a_compatible_push_the_plain_part_is_ignored() -> None:
    sealed = SEAL.encrypt(TEXT.encode())
    body = f"<xml><MsgType>event</MsgType><Event>unsubscribe</Event><Encrypt>{sealed}</Encrypt></xml>".encode()
    assert read(encrypted_query(sealed), body, SEAL, plain_allowed=False).kind == "text"


def test_a_plain_push_is_read_where_it_is_allowed() -> None:
    push = read(plain_query(), TEXT.encode(), SEAL, plain_allowed=True)
    assert push.value("Content") == "打印机坏了"
    assert not push.encrypted


@pytest.mark.parametrize("body", [b" \n" + TEXT.encode(), "\ufeff".encode() + TEXT.encode()])
def test_the_first_visible_character_says_what_it_is(body: bytes) -> None:
    assert read(plain_query(), body, SEAL, plain_allowed=True).kind == "text"


def test_wechatpy_reads_the_same_message() -> None:
    theirs, ours = parse_message(TEXT), encrypted(TEXT)
    assert (theirs.type, theirs.source, theirs.target, theirs.content, str(theirs.id)) == (
        ours.kind,
        ours.openid,
        ours.value("ToUserName"),
        ours.value("Content"),
        ours.value("MsgId"),
    )


@pytest.mark.parametrize(
    ("event", "key", "scene"),
    [
        ("subscribe", "", ""),
        ("subscribe", "qrscene_bind-7", "bind-7"),
        ("subscribe", "last_trade_no_1", ""),
        ("SCAN", "bind-7", "bind-7"),
        ("SCAN", "qrscene_7", "qrscene_7"),
        ("CLICK", "menu", ""),
    ],
)
def test_the_scene_is_that_of_the_scanned_code(event: str, key: str, scene: str) -> None:
    assert parse(json.dumps({"MsgType": "event", "Event": event, "EventKey": key}), encrypted=False).scene == scene


def test_an_authorization_event_is_about_the_user_it_names() -> None:
    fields = {"MsgType": "event", "Event": "user_authorization_revoke", "FromUserName": "oPusher", "OpenID": "oUser"}
    assert parse(json.dumps(fields), encrypted=False).openid == "oUser"


@pytest.mark.parametrize(
    ("nested", "count"), [({"List": ENTRY}, 1), ({"List": [ENTRY, ENTRY]}, 2), ({"List": ""}, 0), ({}, 0)]
)
def test_a_list_may_be_one_object_or_many(nested: dict[str, object], count: int) -> None:
    assert parse(json.dumps({**POPUP, **nested}), encrypted=False).entries == [ENTRY] * count


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_list_in_xml_is_the_same(count: int) -> None:
    entry = "<List>" + "".join(f"<{name}>{value}</{name}>" for name, value in ENTRY.items()) + "</List>"
    nested = f"<SubscribeMsgPopupEvent>{entry * count}</SubscribeMsgPopupEvent>"
    assert parse(f"<xml><MsgType>event</MsgType>{nested}</xml>", encrypted=False).entries == [ENTRY] * count


def test_numbers_may_come_as_text_or_number() -> None:
    as_text = parse(json.dumps(POPUP), encrypted=False)
    as_number = parse(json.dumps({**POPUP, "CreateTime": 1620973045, "x": None, "y": True}), encrypted=False)
    assert as_text.created == as_number.created == 1620973045
    assert as_text.key == as_number.key


def test_a_repetition_has_the_same_key_in_whatever_form_it_comes() -> None:
    in_json = json.dumps({field: parse(TEXT, encrypted=False).value(field) for field in FIELDS_OF_TEXT})
    assert len({parse(TEXT, encrypted=False).key, encrypted(TEXT).key, encrypted(in_json).key}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"FromUserName": "oOther"},
        {"CreateTime": 1620973046},
        {"Event": "subscribe_msg_change_event"},
        {"EventKey": "k"},
        {"MsgId": "1"},
        {"MsgID": "1"},
        {"OpenID": "oUser"},
        {"trace_id": "1"},
        {"List": ENTRY},
        {"List": [{"TemplateId": "another"}]},
        {"List": [{"TemplateId": "hD-ix", "MsgID": "2"}]},
    ],
)
def test_two_messages_of_one_second_have_two_keys(change: dict[str, object]) -> None:
    one, other = parse(json.dumps(POPUP), encrypted=False), parse(json.dumps({**POPUP, **change}), encrypted=False)
    assert one.key != other.key


def test_the_health_check_of_the_cloud_is_no_message() -> None:
    assert parse('{"action":"CheckContainerPath"}', encrypted=False).health_check
    assert not parse(TEXT, encrypted=False).health_check


@pytest.mark.parametrize(
    ("query", "fault", "reason"),
    [
        ({}, Fault.NOT_GENUINE, "signature"),
        ({**OFFICIAL["get"], "nonce": "1"}, Fault.NOT_GENUINE, "signature"),
        ({name: OFFICIAL["get"][name] for name in ("signature", "timestamp", "nonce")}, Fault.MALFORMED, "echostr"),
    ],
)
def test_a_foreign_address_check_is_refused(query: dict[str, str], fault: Fault, reason: str) -> None:
    with pytest.raises(BadPush) as refused:
        check_address(query, official_seal())
    assert (refused.value.fault, refused.value.reason) == (fault, reason)


@pytest.mark.parametrize("missing", ["msg_signature", "signature"])
def test_a_json_push_without_its_signature_is_not_genuine(missing: str) -> None:
    query = official_query() if missing == "msg_signature" else plain_query()
    query[missing] = ""
    assert refusal(query, official_body()) == (Fault.NOT_GENUINE, "signature")


@pytest.mark.parametrize(
    "change",
    [
        {"msg_signature": OFFICIAL["post"]["signature"], "signature": OFFICIAL["post"]["msg_signature"]},
        {"timestamp": "1714112446"},
        {"nonce": "1"},
    ],
)
def test_a_signature_of_something_else_is_not_genuine(change: dict[str, str]) -> None:
    with pytest.raises(BadPush) as refused:
        read(official_query(**change), official_body(), official_seal(), plain_allowed=True)
    assert (refused.value.fault, refused.value.reason) == (Fault.NOT_GENUINE, "signature")


def test_a_plain_push_is_refused_where_it_is_not_allowed() -> None:
    with pytest.raises(BadPush) as refused:
        read(plain_query(), TEXT.encode(), SEAL, plain_allowed=False)
    assert (refused.value.fault, refused.value.reason) == (Fault.NOT_GENUINE, "unencrypted")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "neither XML nor JSON"),
        (b"[]", "neither XML nor JSON"),
        (b"\xff\xfe<\x00", "XML"),
        (b"<xml>", "XML"),
        (b"<xml/>", "no fields"),
        (b"{", "JSON"),
        (b'{"a":' + b"[" * 30_000, "JSON"),
        (b'{"MsgType":"\\ud800"}', "MsgType"),
        (b'{"MsgType":"\\u0000"}', "MsgType"),
        (b'{"a":' + b"9" * 5000 + b"}", "JSON"),
        (b'{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}', "depth"),
        (b"<a>" * 9000 + b"</a>" * 9000, "depth"),
        (b"<xml><a>1</a></xml>", "MsgType"),
        (b"{}", "MsgType"),
        (b'{"MsgType":"event","CreateTime":"yesterday"}', "CreateTime"),
        (b'{"MsgType":"event","CreateTime":"\xd9\xa1"}', "CreateTime"),
        (b'{"MsgType":"event","CreateTime":1e999}', "CreateTime"),
        (b'{"MsgType":"event","CreateTime":9999999999999999}', "CreateTime"),
        (b'<!DOCTYPE xml SYSTEM "http://evil.example/x"><xml><MsgType>text</MsgType></xml>', "DTD"),
        (b'<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml><MsgType>&a;</MsgType></xml>', "DTD"),
    ],
)
def test_what_cannot_be_read_is_malformed(body: bytes, reason: str) -> None:
    assert refusal(plain_query(), body) == (Fault.MALFORMED, reason)


@pytest.mark.parametrize(
    "body",
    [
        b"<xml><Encrypt></Encrypt></xml>",
        b"{}",
        b'{"Encrypt":{}}',
        b"<xml><Encrypt>1</Encrypt><Encrypt>1</Encrypt></xml>",
    ],
)
def test_an_encrypted_push_without_ciphertext_is_malformed(body: bytes) -> None:
    assert refusal(encrypted_query(""), body) == (Fault.MALFORMED, "Encrypt")


def test_a_dtd_inside_the_ciphertext_is_refused_too() -> None:
    sealed = SEAL.encrypt(b"<!DOCTYPE xml [<!ENTITY a 'a'>]><xml><MsgType>&a;</MsgType></xml>")
    assert refusal(encrypted_query(sealed), envelope(sealed)) == (Fault.MALFORMED, "DTD")


def test_a_body_of_more_than_64_kib_is_too_large() -> None:
    assert refusal(plain_query(), b" " * (LARGEST + 1)) == (Fault.TOO_LARGE, "body")
    assert read(plain_query(), TEXT.encode().ljust(LARGEST), SEAL, plain_allowed=True).kind == "text"


def test_a_refusal_tells_nothing_of_the_content() -> None:
    with pytest.raises(BadPush) as refused:
        read({"timestamp": WHEN, "nonce": NONCE}, TEXT.encode(), SEAL, plain_allowed=True)
    assert str(refused.value) == "not genuine: signature"


FIELDS_OF_TEXT = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId")


def encrypted(text: str) -> Push:
    sealed = SEAL.encrypt(text.encode())
    return read(encrypted_query(sealed), envelope(sealed), SEAL, plain_allowed=False)


def official_body(to: str = "gh_97417a04a28d") -> bytes:
    return json.dumps({"ToUserName": to, "Encrypt": OFFICIAL["post"]["encrypt"]}).encode()


def refusal(query: dict[str, str], body: bytes) -> tuple[Fault, str]:
    with pytest.raises(BadPush) as refused:
        read(query, body, SEAL, plain_allowed=True)
    return refused.value.fault, refused.value.reason
