"""Passive replies as WeChat and wechatpy read them."""

import json
from datetime import UTC, datetime

import pytest
from defusedxml.ElementTree import fromstring
from wechatpy.crypto import WeChatCrypto

from tests.wechat.pushes import SEAL, TEXT
from wechat.push import parse
from wechat.replies import JSON, XML, sealed, text_reply, to_customer_service

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
PUSH = parse(TEXT, encrypted=False)


@pytest.mark.parametrize("content", ["您好 <a href='https://x.cn/my'>我的</a>", "]]>", "a]]>b]]>]]>c", "]]", "&lt;"])
def test_a_text_arrives_as_it_was_written(content: str) -> None:
    for reply in (text_reply(PUSH, content, at=AT, form=XML), text_reply(PUSH, content, at=AT, form=JSON)):
        assert fields(reply) == {
            "ToUserName": "oUser",
            "FromUserName": "gh_1",
            "CreateTime": str(int(AT.timestamp())),
            "MsgType": "text",
            "Content": content,
        }


def test_a_message_can_be_handed_on_to_customer_service() -> None:
    assert fields(to_customer_service(PUSH, at=AT, form=JSON))["MsgType"] == "transfer_customer_service"


def test_an_encrypted_xml_reply_is_read_by_wechatpy() -> None:
    reply = text_reply(PUSH, "您好", at=AT, form=XML)
    letter = fields(sealed(reply, SEAL, at=AT, form=XML))
    theirs = WeChatCrypto(SEAL.token, SEAL.aes_key, SEAL.appid)
    read = theirs.decrypt_message(letter, letter["MsgSignature"], letter["TimeStamp"], letter["Nonce"])
    assert read == reply


def test_an_encrypted_json_reply_has_wechats_own_types() -> None:
    reply = text_reply(PUSH, "您好", at=AT, form=JSON)
    letter = json.loads(sealed(reply, SEAL, at=AT, form=JSON))
    assert letter["TimeStamp"] == int(AT.timestamp())
    SEAL.check(letter["MsgSignature"], str(letter["TimeStamp"]), letter["Nonce"], letter["Encrypt"])
    assert SEAL.decrypt(letter["Encrypt"]).decode() == reply


def fields(reply: str) -> dict[str, str]:
    if reply.startswith("{"):
        return {name: str(value) for name, value in json.loads(reply).items()}
    return {element.tag: element.text or "" for element in fromstring(reply)}
