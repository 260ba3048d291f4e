"""How WeChat writes what it pushes, and reads what it is answered."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sandbox.accounts import SandboxAccount

XML, JSON = "xml", "json"
# In XML a subscription event wraps its entries in an element of its own.
_WRAPPED = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


def write(fields: Mapping[str, object], form: str) -> str:
    """One entry of `List` becomes an object, several an array."""
    if form == JSON:
        entries = fields.get("List")
        single = {"List": entries[0]} if isinstance(entries, list) and len(entries) == 1 else {}
        return json.dumps({**fields, **single}, ensure_ascii=False)
    wrapper = _WRAPPED.get(str(fields.get("Event")))
    if wrapper and "List" in fields:
        outside = {name: value for name, value in fields.items() if name != "List"}
        return f"<xml>{_elements({**outside, wrapper: {'List': fields['List']}})}</xml>"
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Mapping[str, object]) -> str:
    return "".join(
        f"<{name}>{_element(entry)}</{name}>"
        for name, value in fields.items()
        for entry in (value if isinstance(value, list) else [value])
    )


def _element(value: object) -> str:
    if isinstance(value, dict):
        return _elements(value)
    return escape(str(value)) if isinstance(value, int) else f"<![CDATA[{value}]]>"


def sign(account: SandboxAccount, *parts: str) -> str:
    return hashlib.sha1("".join(sorted([account.token, *parts])).encode()).hexdigest()  # noqa: S324 WeChat's choice


def encrypt(account: SandboxAccount, text: str, *, appid: str) -> str:
    body = text.encode()
    plain = secrets.token_bytes(16) + len(body).to_bytes(4, "big") + body + appid.encode()
    padding = 32 - len(plain) % 32
    encryptor = _cipher(account).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def read_text(account: SandboxAccount, answer: str) -> str:
    """What a passive reply says to the user; empty when it says nothing."""
    encrypted = _value("Encrypt", answer)
    if encrypted:
        decryptor = _cipher(account).decryptor()
        plain = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
        answer = plain[20 : 20 + int.from_bytes(plain[16:20], "big")].decode()
    return _value("Content", answer)


def _value(name: str, answer: str) -> str:
    if answer.startswith("{"):
        return str(json.loads(answer).get(name, ""))
    found = re.search(f"<{name}>(.*?)</{name}>", answer, re.DOTALL)
    return "".join(re.findall(r"<!\[CDATA\[(.*?)\]\]>", found[1], re.DOTALL)) if found else ""


def _cipher(account: SandboxAccount) -> Cipher[CBC]:
    key = base64.b64decode(account.aes_key + "=")
    return Cipher(AES(key), CBC(key[:16]))
