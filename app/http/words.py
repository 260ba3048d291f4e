"""Codes and kept data in the visitor's language."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.http.context import runtime
from app.http.i18n import gettext, language, show_moment
from app.texts.codes import WORDS
from app.texts.personal_data import CODES, FIELDS, OUTCOMES, DataNote
from config.findings import findings
from config.settings import Settings
from config.touchpoints import touchpoints


def word(table: str, code: object) -> str:
    """The word for a code in the visitor's language; the code itself where there is none."""
    text = WORDS[table].get(str(code))
    return gettext(text) if text else str(code)


def touch_word(kind: str, code: str) -> str:
    """The label of a reason, a quality or a face's touchpoint, as the hospital's file has it."""
    offered = touchpoints()
    choices = {
        "quality": offered.qualities,
        "face": offered.touchpoints,
        "reason": tuple(choice for mood in offered.reasons.values() for choice in mood),
    }[kind]
    return next((choice.label(language()) for choice in choices if choice.code == code), code)


def finding_word(kind: str, code: str) -> str:
    """A cause or solution as the hospital's file has it; the code itself where it has it no more."""
    choices = findings().causes if kind == "cause" else findings().solutions
    return choices[code].label(language()) if code in choices else code


def kept_for(note: DataNote, settings: Settings) -> str:
    """How long it stays here: as the hospital has set it."""
    if not note.days:
        return gettext(note.kept)
    days: int = getattr(settings.retention, note.days)
    return gettext(note.kept, days=days) if days else gettext("申请删除后清除。")


def lines(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A row as pairs of what and value; what is empty is left out."""
    pairs = [(gettext(FIELDS[name]), _value(name, value)) for name, value in row.items()]
    return [(name, value) for name, value in pairs if value]


def _value(name: str, value: Any) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return gettext("是") if value else gettext("否")
        case datetime():
            return show_moment(value)
        case date():
            return value.isoformat()
        case dict():
            return chips(name, value)
    if name in OUTCOMES:
        return gettext(OUTCOMES[name].get(value, value))
    if name == "account":
        return _account(value)
    return word(CODES[name], value) if CODES.get(name) in WORDS else str(value)


def chips(name: str, value: Mapping[str, Any] | None) -> str:
    """Those of a rating in a line: reasons as a list of codes, qualities and faces as codes with their points."""
    kind, values = "face" if name == "faces" else name, value or {}
    if name == "reasons":
        return " · ".join(touch_word("reason", code) for code in values.get("codes", []))
    return " · ".join(f"{touch_word(kind, code)} {points}" for code, points in values.items())


def _account(appid: str) -> str:
    settings = runtime().settings
    known = {
        settings.wechat.appid if settings.wechat else "": gettext("公众号"),
        settings.mini.appid if settings.mini else "": gettext("小程序"),
        settings.wecom.corpid if settings.wecom else "": gettext("企业微信"),
        "browser": gettext("浏览器"),
    }
    return known.get(appid, gettext("微信"))
