"""Genuine messages as people write them: read whole, whatever stands in them, and never as more than they are."""

import json

import pytest

from tests.wechat.pushes import SEAL, encrypted_query, envelope, plain_query
from wechat.push import Push, parse, read

XML = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oUser]]></FromUserName>"
    "<CreateTime>1482048670</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{fields}<MsgId>1</MsgId></xml>"
)
# What somebody wrote, and what of it can be kept.
WRITTEN = {
    "坏\x0b了": "坏了",
    "坏\x00了": "坏了",
    "坏\x1b[0m了": "坏[0m了",
    "坏\ufffe了\uffff": "坏了",
    "坏\ud83d了": "坏了",  # half of a pair
    "a]]>b": "a]]>b",
    "a]]>": "a]]>",
    "]]>]]>": "]]>]]>",
    "a]]]]><![CDATA[>b": "a]]>b",  # split as it should be
    "<b>&amp;&nbsp;&#1;</b>": "<b>&amp;&nbsp;&#1;</b>",
    "</Content>]]>": "</Content>]]>",
    "\U0001f600\u200d": "\U0001f600\u200d",
}
FIELDS = {
    "text": ("Content",),
    "location": ("Label",),
    "link": ("Title", "Description", "Url"),
    "voice": ("Recognition",),
    "event": ("EventKey",),
}


@pytest.mark.parametrize("field", [field for fields in FIELDS.values() for field in fields])
@pytest.mark.parametrize("encrypted", [True, False])
def test_in_xml_every_text_is_read(field: str, *, encrypted: bool) -> None:
    kind = next(kind for kind, fields in FIELDS.items() if field in fields)
    for written, kept in WRITTEN.items():
        text = XML.format(kind=kind, fields=f"<{field}><![CDATA[{written}]]></{field}>")
        push = arrived(text.encode("utf-8", "surrogatepass"), encrypted=encrypted)
        assert (push.kind, push.value(field), push.value("MsgId")) == (kind, kept, "1"), written


@pytest.mark.parametrize("field", [*FIELDS["link"], "Content", "EventKey", "MsgType", "Event", "FromUserName"])
@pytest.mark.parametrize("escaped", [True, False])
def test_in_json_every_text_is_read(field: str, *, escaped: bool) -> None:
    fields = {"MsgType": "text", "CreateTime": 1482048670, field: "坏\x0b\x00\ud83d\ufffe了\n"}
    text = json.dumps(fields, ensure_ascii=escaped)
    if not escaped:
        text = text.replace("\\u000b", "\x0b").replace("\\u0000", "\x00")
    push = arrived(text.encode("utf-8", "surrogatepass"), encrypted=True)
    assert push.value(field) == "坏了\n"


def test_names_in_json_are_kept_too() -> None:
    assert arrived(b'{"MsgType":"text","a\\u0000b":"1"}', encrypted=True).value("ab") == "1"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a&#1;b", "ab"),
        ("a&#xFFFE;b", "ab"),
        ("a&#9999999;b", "ab"),
        ("a&#10;b", "a\nb"),
        ("a & b", "a & b"),
        ("&lt;", "<"),
    ],
)
def test_without_cdata_too(written: str, kept: str) -> None:
    assert (
        parse(XML.format(kind="text", fields=f"<Content>{written}</Content>"), encrypted=False).value("Content") == kept
    )


def test_a_text_that_was_cut_within_a_character_is_read() -> None:
    text = XML.format(kind="text", fields="<Content><![CDATA[坏]]></Content>").encode()
    cut = text.replace("坏".encode(), "坏了".encode()[:-1])
    assert arrived(cut, encrypted=True).value("Content") == "坏"


def test_nobody_writes_fields_of_their_own() -> None:
    written = "]]></Content><Event><![CDATA[unsubscribe]]></Event><OpenID>oOther</OpenID><Content><![CDATA["
    push = arrived(XML.format(kind="text", fields=f"<Content><![CDATA[{written}]]></Content>").encode(), encrypted=True)
    assert (push.event, push.openid, push.value("Content")) == ("", "oUser", written)


def test_what_was_kept_is_read_again_as_it_was() -> None:
    for written in WRITTEN:
        text = XML.format(kind="text", fields=f"<Content><![CDATA[{written}]]></Content>")
        push = arrived(text.encode("utf-8", "surrogatepass"), encrypted=True)
        again = parse(push.text, encrypted=False)
        assert (again.fields, again.key) == (push.fields, push.key)


def arrived(body: bytes, *, encrypted: bool) -> Push:
    if not encrypted:
        return read(plain_query(), body, SEAL, plain_allowed=True)
    sealed = SEAL.encrypt(body)
    return read(encrypted_query(sealed), envelope(sealed), SEAL, plain_allowed=False)
