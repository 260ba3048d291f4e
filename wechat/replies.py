"""Passive replies: what is said in the answer to a push."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from wechat.crypto import Seal
from wechat.inbound import Push

XML, JSON = "xml", "json"
CONTENT_TYPES = {XML: "application/xml", JSON: "application/json"}


def text_reply(push: Push, content: str, *, at: datetime, form: str) -> str:
    return _write({**_envelope(push, at), "MsgType": "text", "Content": content}, form)


def to_customer_service(push: Push, *, at: datetime, form: str) -> str:
    """Hands the message on to the people who answer in WeChat's own customer service."""
    return _write({**_envelope(push, at), "MsgType": "transfer_customer_service"}, form)


def sealed(reply: str, seal: Seal, *, at: datetime, form: str) -> str:
    """The reply encrypted, as WeChat wants it where the push was."""
    encrypted, timestamp, nonce = seal.encrypt(reply.encode()), int(at.timestamp()), secrets.token_hex(8)
    signature = seal.signature(str(timestamp), nonce, encrypted)
    return _write({"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce}, form)


def _envelope(push: Push, at: datetime) -> dict[str, str | int]:
    return {
        "ToUserName": push.value("FromUserName"),
        "FromUserName": push.value("ToUserName"),
        "CreateTime": int(at.timestamp()),
    }


def _write(values: Mapping[str, str | int], form: str) -> str:
    if form == JSON:
        return json.dumps(values, ensure_ascii=False)
    return f"<xml>{''.join(f'<{name}>{_xml_value(value)}</{name}>' for name, value in values.items())}</xml>"


def _xml_value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
