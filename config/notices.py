"""The notices a hospital edits: config/notices.toml, read once and checked whole."""

import string
from collections.abc import Callable, Mapping
from dataclasses import make_dataclass
from datetime import time
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Strict
from pydantic.dataclasses import dataclass

from config.files import CLOSED, Count, Expected, Flag, Text, read_text, written_time

Opens = Literal["engineer", "praise", "scan", "my", "case", "console", "console_case", "recovery", "register"]

ABOUT_TICKETS = frozenset({"number", "category", "place", "moment", "priority"})
ABOUT_CHANNELS = frozenset({"channel", "moment"})
IN_PAGES = frozenset({"number", "token"})
ALERTS = frozenset({"channel_stopped", "bound", "praised"})
FOR_ENGINEERS = frozenset(
    {
        *("dispatched", "reassigned", "helper_called", "reopened", "not_opened", "backup"),
        *("overdue_soon", "overdue", "limit_missed", "urged"),
    }
)
FOR_SUPERVISION = frozenset(
    {
        *("limit_missed_team", "limit_missed_hospital", "urge_unanswered"),
        *("case_opened", "case_overdue", "case_handed_over", "appealed"),
        *("register_due", "register_overdue"),
    }
)
FOR_USERS = frozenset({"finished", "urge_answered", "rate_reminder", "complaint_answered", "recovered"})
KINDS = FOR_ENGINEERS | FOR_SUPERVISION | FOR_USERS | ALERTS


def _text_with(allowed: frozenset[str]) -> Expected:
    """A text in which only these values may be named, in braces."""
    return Expected(f"a text with no values but {_listed(allowed) or 'none'}", _naming_only(allowed))


def _fields_with(allowed: frozenset[str]) -> Expected:
    return Expected(f"fields, each with one of {_listed(allowed)}", _filled_from(allowed))


def _naming_only(allowed: frozenset[str]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            parts = string.Formatter().parse(text)
            named = {name + (form or "") + (change or "") for _, name, form, change in parts if name is not None}
        except ValueError:
            return False
        return bool(text.strip()) and named <= allowed

    return holds


def _filled_from(allowed: frozenset[str]) -> Callable[[Mapping[str, str]], bool]:
    return lambda values: bool(values) and allowed.issuperset(values.values())


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


Plain = Annotated[str, _text_with(frozenset())]
AboutTicket = Annotated[str, _text_with(ABOUT_TICKETS)]
AboutChannel = Annotated[str, _text_with(ABOUT_CHANNELS)]
OfTicket = Annotated[Mapping[str, str], _fields_with(ABOUT_TICKETS | {"word"})]
OfChannel = Annotated[Mapping[str, str], _fields_with(ABOUT_CHANNELS | {"word"})]
TemplateId = Annotated[Text, Expected("the id of a template")]
PageOfMini = Annotated[
    str, Expected("the page of the mini-program, with no values but number, token", _naming_only(IN_PAGES))
]
Unread = Annotated[bool, Strict(), Expected("false: the provider reads along in the group", lambda robot: not robot)]
Clock = Annotated[time, BeforeValidator(written_time), Expected('a time of the day as "22:00"')]
Due = Annotated[tuple[Count, Count, Count, Count], Expected("four whole numbers of at least 1")]


@dataclass(frozen=True, config=CLOSED)
class MessageTemplate:
    """A template WeChat has approved, and what stands in each of its fields."""

    template: TemplateId
    fields: OfTicket


@dataclass(frozen=True, config=CLOSED)
class MiniTemplate(MessageTemplate):
    page: PageOfMini


@dataclass(frozen=True, config=CLOSED)
class AlertTemplate(MessageTemplate):
    fields: OfChannel


@dataclass(frozen=True, config=CLOSED)
class NoticeKind:
    """What an engineer is told; users and alerts are told less."""

    title: Plain
    text: AboutTicket
    word: Plain
    opens: Opens
    urgent: Flag = False
    at_night: Flag = False
    invitation: Flag = False
    robot: Flag = False
    service: MessageTemplate | None = None
    mini: MiniTemplate | None = None


@dataclass(frozen=True, config=CLOSED)
class UserNotice(NoticeKind):
    robot: Unread = False


@dataclass(frozen=True, config=CLOSED)
class Alert(UserNotice):
    text: AboutChannel
    opens: Literal["my", "praise", "console"]
    service: AlertTemplate | None = None


@dataclass(frozen=True, config=CLOSED)
class NoticeRules:
    quiet_from: Clock
    quiet_to: Clock
    per_person_per_minute: Count
    per_person_per_day: Count
    cool_down_hours: Count
    robot_per_minute: Count
    again_minutes: Count
    backup_minutes: Count
    reminder_hours: Count
    soon_minutes: Due
    """By priority, from 1 to 4."""
    missed_team_minutes: Count
    missed_hospital_minutes: Count


_TABLES: dict[str, Any] = {
    "rules": NoticeRules,
    **dict.fromkeys(sorted(FOR_ENGINEERS), NoticeKind),
    **dict.fromkeys(sorted(FOR_SUPERVISION | FOR_USERS), UserNotice),
    **dict.fromkeys(sorted(ALERTS), Alert),
}
_File: Any = dataclass(make_dataclass("_File", _TABLES.items(), frozen=True), frozen=True, config=CLOSED)


@cache
def notice_kinds() -> Mapping[str, NoticeKind]:
    """Every kind of notice; raises BadFile that names what is wrong."""
    return read_kinds(_text())


@cache
def notice_rules() -> NoticeRules:
    return read_rules(_text())


def read_kinds(text: str) -> Mapping[str, NoticeKind]:
    file = read_text(text, _File, name="notices.toml")
    return {name: getattr(file, name) for name in sorted(KINDS)}


def read_rules(text: str) -> NoticeRules:
    rules: NoticeRules = read_text(text, _File, name="notices.toml").rules
    return rules


def _text() -> str:
    return Path(__file__).with_name("notices.toml").read_text(encoding="utf-8")
