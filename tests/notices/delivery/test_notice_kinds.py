"""The file a hospital edits: what is wrong in it is named, and what is in it WeChat takes."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.services.links import Links
from app.services.notices import content
from app.services.notices.content import NoticeContext
from config import notices
from config.notices import KINDS, notice_kinds, notice_rules, read_kinds, read_rules
from sandbox.field_rules import fault
from sandbox.message_templates import TEMPLATES
from sandbox.mini_pages import is_released
from wechat.wecom import _TEXT_BYTES, _TITLE_BYTES

TEXT = Path(notices.__file__).with_name("notices.toml").read_text(encoding="utf-8")
ZONE = ZoneInfo("Asia/Shanghai")
FACTS = NoticeContext(
    datetime(2026, 11, 22, 16, 30, tzinfo=ZONE),
    ticket_id=7,
    number="20261122-0001",
    category="临床信息系统与打印机及其他外围设备的故障处理",
    place="3号楼7层呼吸与危重症医学科护士站",
    priority=1,
    about="service:dispatched",
    name="赵强",
)
LINKS = Links("https://it.example.org", ("k" * 32,))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_wechat_takes_every_field_of_every_kind_whatever_the_ticket_says(name: str) -> None:
    kind = notice_kinds()[name]
    for facts in (FACTS, NoticeContext(FACTS.moment, ticket_id=7, number="20261122-0001")):
        for template in filter(None, (kind.service, kind.mini)):
            values = content.fields(kind, template, facts, ZONE)
            assert values.keys() == TEMPLATES[template.template].fields.keys()
            assert [field for field, value in values.items() if fault(field, value)] == []
        text = content.text(kind, facts, ZONE)
        assert len(text.encode()) <= _TEXT_BYTES
        assert "{" not in text
    assert len(kind.title.encode()) <= _TITLE_BYTES
    if kind.mini:
        assert is_released(content.page(kind.mini, FACTS, LINKS))


def test_nothing_in_it_sounds_like_an_advertisement() -> None:
    assert not re.search("奖|抽|红包|prize|draw", TEXT, re.IGNORECASE)


def test_each_kind_opens_the_page_where_it_is_dealt_with() -> None:
    def opened(name: str, context: NoticeContext = FACTS) -> str:
        return content.url(notice_kinds()[name], context, LINKS, "https://console.example.org")

    assert opened("dispatched") == "https://it.example.org/engineer/20261122-0001"
    assert opened("finished") == LINKS.ticket_url(7)
    assert opened("channel_stopped", NoticeContext(FACTS.moment)) == "https://console.example.org/console"
    at_console = replace(FACTS, console=True)
    assert opened("channel_stopped", at_console) == "https://console.example.org/console/tickets/20261122-0001"
    assert opened("channel_stopped") == LINKS.ticket_url(7)


@pytest.mark.parametrize(
    ("old", "new", "fault_named"),
    [
        ("[recovered]", "[recovery]", "notices.toml: recovery is not known; expected appealed"),
        ("[rules]", "[odd]\n[rules]", "notices.toml: odd is not known; expected appealed"),
        ("urgent = true", "urgnet = true", "[dispatched]: urgnet is not known; expected at_night"),
        ("urgent = true", "urgent = 1", "[dispatched] urgent: expected true or false"),
        (
            'opens = "engineer"',
            'opens = "home"',
            "[dispatched] opens: expected one of case, console, console_case, engineer",
        ),
        ('opens = "console"', 'opens = "scan"', "[channel_stopped] opens: expected one of console, my"),
        ('title = "新工单"', 'title = ""', "[dispatched] title: expected a text"),
        ('title = "新工单"', 'title = "{number}"', "[dispatched] title: expected a text with no values but none"),
        ("。工单 {number}", "。工单 {name}", "[dispatched] text: expected a text with no values but category, moment"),
        ("。工单 {number}", "。工单 {number!r}", "[dispatched] text: expected"),
        ("。工单 {number}", "。工单 {number", "[dispatched] text: expected"),
        ("{channel}自", "{number}自", "[channel_stopped] text: expected a text with no values but channel, moment"),
        ('template = "sandbox-urged"', "template = 7", "[urged.service] template: expected the id of a template"),
        ('thing2 = "category"', 'thing2 = "telephone"', "[dispatched.service] fields: expected fields, each with one"),
        ('page = "pages/rate/index?token={token}"', "", "[finished.mini] page: expected the page of the mini"),
        (
            "?token={token}",
            "?person={name}",
            "[finished.mini] page: expected the page of the mini-program, with no values but number, token",
        ),
        (
            'template = "sandbox-urged"',
            'template = "t"\npage = "p"',
            "[urged.service]: page is not known; expected fields, template",
        ),
        ("invitation = true", "robot = true", "[rate_reminder] robot: expected false"),
        ("[dispatched.service]", "[[dispatched.service]]", "[dispatched] service: expected a table"),
    ],
)
def test_what_is_wrong_with_a_kind_is_named(old: str, new: str, fault_named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault_named)):
        read_kinds(spoilt(old, new, fault_named))


@pytest.mark.parametrize(
    ("old", "new", "fault_named"),
    [
        ("[rules]", "[rule]", "notices.toml: rule is not known; expected appealed"),
        ("again_minutes", "again_hours", "[rules]: again_hours is not known"),
        ("again_minutes = 3", "again_minutes = 0", "[rules] again_minutes: expected a whole number of at least 1"),
        ("again_minutes = 3", "again_minutes = true", "[rules] again_minutes: expected a whole number of at least 1"),
        ("again_minutes = 3", "", "[rules] again_minutes: expected"),
        ('quiet_from = "22:00"', 'quiet_from = "25:00"', "[rules] quiet_from: expected a time of the day"),
        ('quiet_from = "22:00"', "quiet_from = 22", "[rules] quiet_from: expected a time of the day"),
        ("[12, 48, 96, 576]", "[12, 48]", "[rules] soon_minutes: expected four whole numbers"),
    ],
)
def test_what_is_wrong_with_a_rule_is_named(old: str, new: str, fault_named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault_named)):
        read_rules(spoilt(old, new, fault_named))


@pytest.mark.parametrize(
    ("old", "new", "fault_named"),
    [
        ('word = "催单"', 'word = "用户正在催单"', "[urged] word: expected at most five Chinese characters"),
        ("phrase5", "phrase_5x", "[dispatched]: unknown field type phrase_5x"),
        ('thing2 = "category"', 'number2 = "category"', "[dispatched]: category does not fit number2"),
    ],
)
def test_what_wechat_would_not_take_is_named_too(old: str, new: str, fault_named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault_named)):
        content.check(read_kinds(spoilt(old, new, fault_named)))


def test_the_file_is_as_it_should_be() -> None:
    content.check_file()
    assert timedelta(minutes=notice_rules().again_minutes) < timedelta(minutes=notice_rules().backup_minutes)


def spoilt(old: str, new: str, fault_named: str) -> str:
    """The file with one thing changed in the table of which the fault will be named, wherever that table stands."""
    table = re.match(r"(?:notices\.toml )?(\[[\w.]+\])", fault_named)
    before, head, rest = TEXT.partition(f"\n{table[1]}\n") if table else ("", "", TEXT)
    assert old in head + rest
    return before + (head + rest).replace(old, new, 1)
