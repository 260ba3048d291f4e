"""Passive replies: what is said in the answer to a push."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from wechatpy.replies import REPLY_TYPES

from wechat.crypto import Seal
from wechat.push import Push

XML, JSON = "xml", "json"
CONTENT_TYPES = {XML: "application/xml", JSON: "application/json"}


def text_reply(push: Push, content: str, *, at: datetime, form: str) -> str:
    return _reply(push, "text", at, form, content)


def to_customer_service(push: Push, *, at: datetime, form: str) -> str:
    """Hands the message on to the people who answer in WeChat's own customer service."""
    return _reply(push, "transfer_customer_service", at, form)


def sealed(reply: str, seal: Seal, *, at: datetime, form: str) -> str:
    """The reply encrypted, as WeChat wants it where the push was."""
    encrypted, timestamp, nonce = seal.encrypt(reply.encode()), int(at.timestamp()), secrets.token_hex(8)
    signature = seal.signature(str(timestamp), nonce, encrypted)
    return _write({"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce}, form)


def _reply(push: Push, kind: str, at: datetime, form: str, content: str = "") -> str:
    target, source, seconds = push.value("FromUserName"), push.value("ToUserName"), int(at.timestamp())
    if form == XML:
        # It writes CDATA and leaves to us what must not stand there.
        values = {"target": _in_cdata(target), "source": _in_cdata(source), "content": _in_cdata(content)}
        return str(REPLY_TYPES[kind](**values, time=seconds).render())
    envelope = {"ToUserName": target, "FromUserName": source, "CreateTime": seconds, "MsgType": kind}
    return json.dumps({**envelope, **({"Content": content} if content else {})}, ensure_ascii=False)


def _write(values: Mapping[str, str | int], form: str) -> str:
    if form == JSON:
        return json.dumps(values, ensure_ascii=False)
    return f"<xml>{''.join(f'<{name}>{_xml_value(value)}</{name}>' for name, value in values.items())}</xml>"


def _xml_value(value: str | int) -> str:
    return str(value) if isinstance(value, int) else f"<![CDATA[{_in_cdata(value)}]]>"


def _in_cdata(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")
