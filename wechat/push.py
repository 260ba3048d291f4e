"""Reads what WeChat pushes: plain, compatible or encrypted; XML or JSON, by its first character."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from wechat.crypto import BadPush, Fault, Seal
from wechat.wire_text import decode, fit, mend

LARGEST = 64 * 1024
_DEEPEST = 6
# What makes one message: a repetition has the same, a second message of the same second has not.
_IDENTITY = (
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Event",
    "EventKey",
    "MsgId",
    "MsgID",
    "OpenID",
    "RevokeInfo",
    "trace_id",
    "punish_id",
)
_SCENE = "qrscene_"

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Push:
    """One genuine message. `text` is what came, decrypted; `fields` has every value as a string."""

    text: str = field(repr=False)
    fields: Fields = field(repr=False)
    encrypted: bool

    @property
    def kind(self) -> str:
        return self.value("MsgType")

    @property
    def event(self) -> str:
        return self.value("Event")

    @property
    def health_check(self) -> bool:
        """WeChat's cloud hosting asks so whether anybody is there."""
        return self.value("action") == "CheckContainerPath"

    @property
    def openid(self) -> str:
        """Whom it is about. Events about an authorization come from the platform and name the user apart."""
        return self.value("OpenID") or self.value("FromUserName")

    @property
    def created(self) -> int:
        return int(self.value("CreateTime") or 0)

    @property
    def scene(self) -> str:
        """Of the parametric code that was scanned."""
        key = self.value("EventKey")
        if self.event == "subscribe":
            return key.removeprefix(_SCENE) if key.startswith(_SCENE) else ""
        return key if self.event == "SCAN" else ""

    @property
    def entries(self) -> list[Fields]:
        """The `List` of a subscription event: one entry comes as an object, several as an array."""
        nested = (value for value in self.fields.values() if isinstance(value, dict) and "List" in value)
        found = self.fields.get("List") or next(nested, {}).get("List") or []
        return [entry for entry in (found if isinstance(found, list) else [found]) if isinstance(entry, dict)]

    @property
    def key(self) -> str:
        """The same for every repetition of this message, and for no other."""
        parts = [self.value(name) for name in _IDENTITY]
        parts += [f"{entry.get('TemplateId')} {entry.get('MsgID')}" for entry in self.entries]
        return sha256(json.dumps(parts).encode()).hexdigest()

    def value(self, name: str) -> str:
        found = self.fields.get(name)
        return found if isinstance(found, str) else ""


def check_address(query: Mapping[str, str], seal: Seal) -> str:
    """What to answer when WeChat tries our address; raises BadPush."""
    seal.check(query.get("signature", ""), query.get("timestamp", ""), query.get("nonce", ""))
    if not query.get("echostr"):
        raise BadPush(Fault.MALFORMED, "echostr")
    return query["echostr"]


def read(query: Mapping[str, str], body: bytes, seal: Seal, *, plain_allowed: bool) -> Push:
    """The message, once it is known to be genuine; raises BadPush.

    Of an encrypted push only `msg_signature` decides, because `signature` says nothing about the body.
    """
    if len(body) > LARGEST:
        raise BadPush(Fault.TOO_LARGE, "body")
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if query.get("encrypt_type") == "aes":
        return _read_encrypted(query.get("msg_signature", ""), timestamp, nonce, body, seal)
    if not plain_allowed:
        raise BadPush(Fault.NOT_GENUINE, "unencrypted")
    seal.check(query.get("signature", ""), timestamp, nonce)
    return parse(decode(body), encrypted=False)


def parse(text: str, *, encrypted: bool) -> Push:
    """A message that has been found genuine before; raises BadPush where it cannot be read."""
    push = Push(text, _fields(mend(text) if text.startswith("<") else text), encrypted)
    created = push.value("CreateTime") or "0"
    if not created.isascii() or not created.isdecimal() or len(created) > 15:
        raise BadPush(Fault.MALFORMED, "CreateTime")
    if not push.kind and not push.health_check:
        raise BadPush(Fault.MALFORMED, "MsgType")
    return push


def _read_encrypted(signature: str, timestamp: str, nonce: str, body: bytes, seal: Seal) -> Push:
    if not signature:
        raise BadPush(Fault.NOT_GENUINE, "signature")
    encrypted = _fields(decode(body)).get("Encrypt")
    if not isinstance(encrypted, str) or not encrypted:
        raise BadPush(Fault.MALFORMED, "Encrypt")
    seal.check(signature, timestamp, nonce, encrypted)
    return parse(decode(seal.decrypt(encrypted)), encrypted=True)


def _fields(text: str) -> Fields:
    match text[:1]:
        case "<":
            found = _xml(text)
        case "{":
            found = _json(text)
        case _:
            raise BadPush(Fault.MALFORMED, "neither XML nor JSON")
    if not isinstance(found, dict):
        raise BadPush(Fault.MALFORMED, "no fields")
    return found


def _xml(text: str) -> object:
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadPush(Fault.MALFORMED, "DTD") from error
    except (ParseError, ValueError) as error:
        raise BadPush(Fault.MALFORMED, "XML") from error
    return _of_element(root, 1)


def _of_element(element: Element, depth: int) -> object:
    _check_depth(depth)
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = _of_element(child, depth + 1)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def _json(text: str) -> object:
    try:
        return _of_json(json.loads(text, strict=False), 1)
    except (ValueError, RecursionError) as error:
        raise BadPush(Fault.MALFORMED, "JSON") from error


def _of_json(value: object, depth: int) -> object:
    _check_depth(depth)
    match value:
        case dict():
            return {fit(name): _of_json(part, depth + 1) for name, part in value.items()}
        case list():
            return [_of_json(part, depth + 1) for part in value]
        case None:
            return ""
    return fit(str(value))  # written as \\ud800 it was no character yet


def _check_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise BadPush(Fault.MALFORMED, "depth")
