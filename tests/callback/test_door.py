"""The door WeChat pushes to: what is genuine is kept once and answered; nothing else leaves a trace."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from app.models import Inbound
from config.settings import Settings
from tests.callback.conftest import MINI, SERVICE, Push
from tests.wechat.pushes import OFFICIAL, TEXT, encrypted_query, envelope, official_query, plain_query
from wechat.crypto import Seal
from wechat.push import LARGEST

Kept = Callable[[], list[Inbound]]
ClientOf = Callable[[Settings], FlaskClient]
DOOR = "/wechat/callback/service"
VIEW = '{"ToUserName":"gh_1","FromUserName":"oUser","CreateTime":1,"MsgType":"event","Event":"VIEW","EventKey":"k"}'


@pytest.mark.parametrize(("account", "seal"), [("service", SERVICE), ("mini", MINI)])
def test_the_address_check_is_answered_exactly(account: str, seal: Seal, client: FlaskClient) -> None:
    answer = client.get(f"/wechat/callback/{account}", query_string=plain_query(seal, echostr="4375120948345356249"))
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"4375120948345356249", "text/plain")


def test_a_foreign_address_check_gets_nothing_back(client: FlaskClient) -> None:
    answer = client.get(DOOR, query_string=plain_query(MINI, echostr="<script>"))
    assert answer.status_code == 403
    assert "script" not in answer.text
    assert client.get(DOOR).status_code == 403
    assert client.get(DOOR, query_string=plain_query(SERVICE)).status_code == 400


@pytest.mark.parametrize("account", ["nobody", "browser"])
def test_an_account_nobody_has_set_up_has_no_door(account: str, client: FlaskClient) -> None:
    assert client.get(f"/wechat/callback/{account}").status_code == 404
    assert client.post(f"/wechat/callback/{account}", data=b"<xml/>").status_code == 404


def test_without_token_and_key_there_are_no_doors_at_all(settings: Settings, client_of: ClientOf) -> None:
    closed = client_of(settings.model_copy(update={"callbacks": {}}))
    assert closed.get(DOOR, query_string=plain_query(SERVICE, echostr="1")).status_code == 404


def test_the_official_sample_is_taken_and_kept(settings: Settings, client_of: ClientOf, kept: Kept) -> None:
    official = replace(
        settings.callbacks["mini"], appid=OFFICIAL["appid"], token=OFFICIAL["token"], aes_key=OFFICIAL["aes_key"]
    )
    client = client_of(settings.model_copy(update={"callbacks": {"mini": official}}))
    body = json.dumps({"ToUserName": "gh_x", "Encrypt": OFFICIAL["post"]["encrypt"]})
    for query in (official_query(), official_query(signature="old"), official_query(openid="")):
        answer = client.post("/wechat/callback/mini", query_string=query, data=body)
        assert (answer.status_code, answer.data) == (200, b"success")
    assert [(row.event, row.body) for row in kept()] == [("debug_demo", OFFICIAL["plaintext"])]


def test_a_message_is_kept_with_what_is_needed_later(push: Push, kept: Kept) -> None:
    push(VIEW)
    [row] = kept()
    assert (row.appid, row.kind, row.event, row.openid, row.state) == (
        SERVICE.appid,
        "event",
        "VIEW",
        "oUser",
        "waiting",
    )


@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
@pytest.mark.parametrize("text", [TEXT.replace("text", "image"), VIEW], ids=["xml", "json"])
def test_every_mode_and_form_is_read(mode: str, text: str, client: FlaskClient, kept: Kept) -> None:
    encrypted = SERVICE.encrypt(text.encode())
    bodies = {
        "plain": text.encode(),
        "compatible": json.dumps({**json.loads(VIEW), "Event": "unsubscribe", "Encrypt": encrypted}).encode(),
        "secure": envelope(encrypted),
    }
    query = plain_query(SERVICE) if mode == "plain" else encrypted_query(encrypted, SERVICE)
    answer = client.post(DOOR, query_string=query, data=bodies[mode])
    assert (answer.status_code, answer.data) == (200, b"success")
    assert [row.body for row in kept()] == [text]


def test_a_repetition_is_thanked_for_and_makes_no_second_row(push: Push, client: FlaskClient, kept: Kept) -> None:
    assert push(TEXT).text.startswith("<xml>")
    for _ in range(3):
        assert push(TEXT).data == b"success"
    assert client.post(DOOR, query_string=plain_query(SERVICE), data=TEXT).data == b"success"
    assert len(kept()) == 1


def test_repetitions_at_the_same_time_make_one_row(app: Flask, kept: Kept) -> None:
    encrypted = SERVICE.encrypt(VIEW.encode())
    query, body = encrypted_query(encrypted, SERVICE), envelope(encrypted)

    def send(_: int) -> bytes:
        return bytes(app.test_client().post(DOOR, query_string=query, data=body).data)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(24))) == {b"success"}
    assert len(kept()) == 1


def test_the_same_message_to_two_accounts_is_two(push: Push, kept: Kept) -> None:
    push(VIEW)
    push(VIEW, "mini")
    assert [row.appid for row in kept()] == [SERVICE.appid, MINI.appid]


def test_a_text_is_answered_with_the_menu_encrypted_as_it_came(push: Push, settings: Settings) -> None:
    answer = push(TEXT)
    letter = {part.split(">")[0]: part for part in answer.text.split("<")}
    encrypted = answer.text.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    reply = SERVICE.decrypt(encrypted).decode()
    assert "MsgSignature" in letter
    assert "<ToUserName><![CDATA[oUser]]>" in reply
    for said in ("/my", "/report", settings.public_url, "服务热线 6000", "监督热线 6120", "和平医院"):
        assert said in reply


@pytest.mark.parametrize("written", ["坏\x00了\x0b", "坏\ufffe", "坏]]>了", "坏\ud83d"])
def test_whatever_somebody_writes_is_kept_and_answered(written: str, push: Push, kept: Kept) -> None:
    in_xml = push(TEXT.replace("打印机坏了", written).encode("utf-8", "surrogatepass"))
    in_json = push(json.dumps({"MsgType": "text", "FromUserName": "oUser", "Content": written}).encode(), "mini")
    assert {in_xml.status_code, in_json.status_code} == {200}
    assert "success" not in {in_xml.text, in_json.text}
    assert [message.kind for message in kept()] == ["text", "text"]


def test_a_tap_on_the_menu_is_answered_as_a_text_is(push: Push, kept: Kept) -> None:
    tap = VIEW.replace("VIEW", "CLICK")
    sealed = push(tap).text.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert "/report" in SERVICE.decrypt(sealed).decode()
    assert push(tap).text == "success"  # a repetition
    assert push(tap, "mini").text == "success"
    assert [row.event for row in kept()] == ["CLICK", "CLICK"]


def test_where_there_is_no_telephone_whoever_writes_for_a_human_is_handed_on(
    client_of: ClientOf, settings: Settings, kept: Kept
) -> None:
    client = client_of(settings.model_copy(update={"hotline": "", "service_line": ""}))

    def write(words: str) -> str:
        sent = {"ToUserName": "gh_1", "FromUserName": "oUser", "CreateTime": 1, "MsgType": "text", "MsgId": words}
        text = json.dumps({**sent, "Content": words})
        return client.post(DOOR, query_string=plain_query(SERVICE), data=text).text

    assert "回复“人工”" in write("你好")
    assert "transfer_customer_service" in write(" 人工 ")


def test_a_plain_text_is_answered_plainly(client: FlaskClient) -> None:
    answer = client.post(DOOR, query_string=plain_query(SERVICE), data=TEXT)
    assert answer.mimetype == "application/xml"
    assert "我的工单" in answer.text


def test_the_mini_program_hands_a_text_on_to_customer_service_in_its_own_form(push: Push) -> None:
    letter = json.loads(push(TEXT, "mini").text)
    assert json.loads(MINI.decrypt(letter["Encrypt"]))["MsgType"] == "transfer_customer_service"


def test_the_health_check_of_the_cloud_is_answered_and_not_kept(client: FlaskClient, kept: Kept) -> None:
    answer = client.post(DOOR, query_string=plain_query(SERVICE), data='{"action":"CheckContainerPath"}')
    assert answer.data == b"success"
    assert kept() == []


def test_an_unknown_event_is_kept_and_counted(push: Push, kept: Kept) -> None:
    before = counted()
    for _ in range(2):
        assert push(VIEW.replace("VIEW", "brand_new")).data == b"success"
    assert counted() == before + 1
    assert [row.event for row in kept()] == ["brand_new"]
    push(VIEW)
    assert counted() == before + 1


@pytest.mark.parametrize("kind", ["text/xml", "application/json", "application/x-www-form-urlencoded", ""])
def test_what_a_push_calls_itself_does_not_matter(kind: str, client: FlaskClient, kept: Kept) -> None:
    body = VIEW.replace("oUser", "o+User&a=b")
    assert client.post(DOOR, query_string=plain_query(SERVICE), data=body, content_type=kind).data == b"success"
    assert [row.body for row in kept()] == [body]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ({}, TEXT, 403),
        ({**plain_query(SERVICE), "signature": "0" * 40}, TEXT, 403),
        ({}, VIEW, 403),
        ({**plain_query(SERVICE), "encrypt_type": "aes"}, TEXT, 403),
        (encrypted_query("AAAA", MINI), envelope("AAAA").decode(), 403),
        (plain_query(SERVICE), "", 400),
        (plain_query(SERVICE), "{}", 400),
        (plain_query(SERVICE), "MsgType=text", 400),
        (plain_query(SERVICE), '<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>', 400),
        (encrypted_query("AAAA", SERVICE), envelope("AAAA").decode(), 400),
        (plain_query(SERVICE), TEXT + " " * LARGEST, 413),
        ({}, " " * 1_000_000, 413),
    ],
)
def test_what_is_not_genuine_malformed_or_too_large_leaves_nothing(
    query: dict[str, str], body: str, status: int, client: FlaskClient, kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.post(DOOR, query_string=query, data=body.encode())
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert kept() == []
    said = capsys.readouterr().out
    assert said.count("a push was refused") == 1
    assert "oUser" not in said


def test_a_push_for_another_account_is_not_genuine(client: FlaskClient, kept: Kept) -> None:
    other = Seal("wxother", SERVICE.token, SERVICE.aes_key)
    encrypted = other.encrypt(TEXT.encode())
    answer = client.post(DOOR, query_string=encrypted_query(encrypted, other), data=envelope(encrypted))
    assert (answer.status_code, answer.text) == (403, "not genuine: appid\n")
    assert kept() == []


def test_production_takes_encrypted_pushes_only(settings: Settings, client_of: ClientOf, kept: Kept) -> None:
    client = client_of(settings.model_copy(update={"env": "production"}))
    encrypted = SERVICE.encrypt(VIEW.encode())
    plain = client.post(DOOR, query_string=plain_query(SERVICE), data=VIEW)
    assert (plain.status_code, plain.text) == (403, "not genuine: unencrypted\n")
    sealed = client.post(DOOR, query_string=encrypted_query(encrypted, SERVICE), data=envelope(encrypted))
    assert sealed.data == b"success"
    assert len(kept()) == 1


def test_where_the_database_fails_wechat_is_told_to_come_again(
    settings: Settings, client_of: ClientOf, tmp_path: Path
) -> None:
    client = client_of(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/empty.sqlite"}))
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.post(DOOR, query_string=plain_query(SERVICE), data=VIEW).status_code == 500


def counted() -> float:
    return REGISTRY.get_sample_value("wechat_unknown_pushes_total", {"account": "service"}) or 0
