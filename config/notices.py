"""The notices a hospital edits: config/notices.toml, read once and checked whole."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Opens = Literal["engineer", "scan", "my", "console"]

ABOUT_TICKETS = frozenset({"number", "category", "place", "moment", "priority"})
ABOUT_CHANNELS = frozenset({"channel", "moment"})
ALERTS = frozenset({"channel_stopped"})
IN_PAGES = frozenset({"number", "token"})
FOR_ENGINEERS = frozenset(
    {"dispatched", "reassigned", "reopened", "not_opened", "backup", "overdue_soon", "overdue", "urged"}
)
FOR_USERS = frozenset({"finished", "rate_reminder", "complaint_answered", "recovered"})
KINDS = FOR_ENGINEERS | FOR_USERS | ALERTS


@dataclass(frozen=True)
class MessageTemplate:
    """A template WeChat has approved, and what stands in each of its fields; `page` only in the mini-program."""

    template: str
    fields: Mapping[str, str]
    page: str = ""


@dataclass(frozen=True)
class NoticeKind:
    title: str
    text: str
    word: str
    opens: Opens
    urgent: bool = False
    at_night: bool = False
    invitation: bool = False
    robot: bool = False
    service: MessageTemplate | None = None
    mini: MessageTemplate | None = None


@dataclass(frozen=True)
class NoticeRules:
    quiet_from: time
    quiet_to: time
    per_person_per_minute: int
    per_person_per_day: int
    cool_down_hours: int
    robot_per_minute: int
    again_minutes: int
    backup_minutes: int
    reminder_hours: int
    due_minutes: tuple[int, int, int, int]
    """By priority, from 1 to 4."""


@cache
def notice_kinds() -> Mapping[str, NoticeKind]:
    """Every kind of notice; raises ValueError that names the fault."""
    return read_kinds(_text())


@cache
def notice_rules() -> NoticeRules:
    return read_rules(_text())


def read_kinds(text: str) -> Mapping[str, NoticeKind]:
    tables = {name: table for name, table in tomllib.loads(text).items() if name != "rules"}
    if tables.keys() != KINDS:
        odd = ", ".join(sorted(tables.keys() ^ KINDS))
        raise ValueError(f"notices.toml: there is one table for each kind of notice; look at {odd}")
    return {name: _kind(name, table) for name, table in tables.items()}


def read_rules(text: str) -> NoticeRules:
    table = _known("rules", tomllib.loads(text).get("rules"), NoticeRules)
    for name in ("quiet_from", "quiet_to"):
        table[name] = _clock("rules", name, table.get(name))
    due = table.get("due_minutes")
    if not isinstance(due, list) or len(due) != 4 or not all(map(_positive, due)):
        raise _fault("rules", "due_minutes", "four whole numbers of at least 1")
    table["due_minutes"] = tuple(due)
    for name in (field.name for field in fields(NoticeRules) if field.type is int):
        if not _positive(table.get(name)):
            raise _fault("rules", name, "a whole number of at least 1")
    return NoticeRules(**table)


def _kind(name: str, given: object) -> NoticeKind:
    table = _known(name, given, NoticeKind)
    allowed = ABOUT_CHANNELS if name in ALERTS else ABOUT_TICKETS
    for key in ("title", "text", "word"):
        _check_text(name, key, table.get(key), allowed if key == "text" else frozenset())
    for key in ("urgent", "at_night", "invitation", "robot"):
        if not isinstance(table.get(key, False), bool):
            raise _fault(name, key, "true or false")
    pages = {"my", "console"} if name in ALERTS else set(get_args(Opens))
    if table.get("opens") not in pages:
        raise _fault(name, "opens", f"one of {', '.join(sorted(pages))}")
    if table.get("robot") and name not in FOR_ENGINEERS:
        raise _fault(name, "robot", "false: the provider reads along in the group")
    for key in ("service", "mini"):
        if key in table:
            table[key] = _template(f"{name}.{key}", table[key], allowed | {"word"}, page=key == "mini")
    return NoticeKind(**table)


def _template(name: str, given: object, allowed: frozenset[str], *, page: bool) -> MessageTemplate:
    table = _known(name, given, MessageTemplate)
    values = table.get("fields")
    if not isinstance(table.get("template"), str) or not table["template"]:
        raise _fault(name, "template", "the id of a template")
    if not isinstance(values, dict) or not values or not all(str(value) in allowed for value in values.values()):
        raise _fault(name, "fields", f"fields, each with one of {', '.join(sorted(allowed))}")
    if not isinstance(table.get("page", ""), str) or bool(table.get("page")) is not page:
        raise _fault(name, "page", "the page of the mini-program" if page else "no page")
    if page:
        _check_text(name, "page", table["page"], IN_PAGES)
    return MessageTemplate(**table)


def _known(name: str, given: object, kind: type) -> dict[str, Any]:
    known = {field.name for field in fields(kind)}
    if not isinstance(given, dict) or not given.keys() <= known:
        odd = ", ".join(sorted(given.keys() - known)) if isinstance(given, dict) else "it"
        raise ValueError(f"notices.toml [{name}]: {odd} is not known; expected {', '.join(sorted(known))}")
    return dict(given)


def _check_text(name: str, key: str, text: object, allowed: frozenset[str]) -> None:
    if not isinstance(text, str) or not text.strip():
        raise _fault(name, key, "a text")
    try:
        parts = string.Formatter().parse(text)
        named = {name + (form or "") + (change or "") for _, name, form, change in parts if name is not None}
    except ValueError:
        named = {"{"}
    if not named <= allowed:
        raise _fault(name, key, f"a text with no values but {', '.join(sorted(allowed)) or 'none'}")


def _clock(name: str, key: str, given: object) -> time:
    try:
        return time.fromisoformat(given if isinstance(given, str) else "")
    except ValueError:
        raise _fault(name, key, 'a time of the day as "22:00"') from None


def _positive(given: object) -> bool:
    return type(given) is int and given >= 1


def _fault(name: str, key: str, expected: str) -> ValueError:
    return ValueError(f"notices.toml [{name}] {key}: expected {expected}")


def _text() -> str:
    return Path(__file__).with_name("notices.toml").read_text(encoding="utf-8")
