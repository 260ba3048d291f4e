"""The form of an announcement: what is proposed for the quarter, and the draft that was typed into it."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.services.draws.announcement import LAST_DAYS
from app.services.draws.published_files import Fields
from lottery.files import ISSUE
from lottery.sources import BEACON, QUICKNET_BEGAN, QUICKNET_SECONDS, SOURCES

Form = Mapping[str, str]
SOURCE_IDS = tuple(SOURCES)
WORDS = ("eligibility", "ticket_rule", "fallback", "exclusions", "privacy", "tax")
MOMENTS = ("opens", "closes", "commit_by", "objections_until", "claim_until")
LONGEST = 2_000  # characters of a field
TIERS, SOURCE_ROWS = 6, 3
DAY = timedelta(days=1)
_SUPER_LOTTO_DAYS = (0, 2, 5)  # Monday, Wednesday, Saturday
_TYPED = "%Y-%m-%dT%H:%M"
# Where a check's refusal stands in the form, by the first words of its name.
_FIELDS = {
    "there is a prize": "tiers",
    "every tier": "tiers",
    "no prize above": "tiers",
    "sources": "sources",
    "time of the quicknet": "sources",
    "redraw": "redraw_sources",
    "opens, closes": "commit_by",
    "objections end": "objections_until",
    "claims end": "claim_until",
}


def propose(*, tenant: str, hospital: str, contact: str, at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """The quarter that can still be announced, a calendar that holds, and words in plain Chinese."""
    begins, ends = _quarter(at.astimezone(zone))
    closes = datetime.combine(ends, time(18))
    objections = closes + timedelta(days=2, hours=18)
    drawn = objections.date() + DAY
    while drawn.weekday() not in _SUPER_LOTTO_DAYS:
        drawn += DAY
    claims = datetime.combine(drawn + 14 * DAY, time(18))
    moments = {
        "opens": datetime.combine(begins, time()),
        "closes": closes,
        "commit_by": closes + timedelta(hours=18),
        "objections_until": objections,
        "claim_until": claims,
        "sources-0-drawn_at": datetime.combine(drawn, time(21, 30)),
        "sources-1-drawn_at": datetime.combine(drawn, time(21, 25)),
        "redraw_sources-0-drawn_at": datetime.combine(claims.date() + 2 * DAY, time(21, 30)),
    }
    return {
        "draw_id": f"{tenant}-{begins.year}q{begins.month // 3 + 1}",
        "organiser-name": hospital,
        "organiser-contact": contact,
        **_TEXTS,
        **{key: moment.strftime(_TYPED) for key, moment in moments.items()},
    }


def parse(form: Form, zone: ZoneInfo) -> tuple[Fields, dict[str, str]]:
    """The draft, and what of it could not be read: field and what is wrong with it."""
    faults: dict[str, str] = {}
    redraw = bool(form.get("redraw"))
    draft = {
        "draw_id": _text(form, "draw_id", faults),
        "organiser": {part: _text(form, f"organiser-{part}", faults) for part in ("name", "contact")},
        **{key: _text(form, key, faults) for key in ("eligibility", "ticket_rule")},
        "cap": _number(form.get("cap", ""), "cap", faults),
        "tiers": list(_tiers(form, faults)),
        **{key: _moment(form.get(key, ""), key, zone, faults) for key in MOMENTS[:-1]},
        "sources": list(_sources(form, "sources", zone, faults)),
        "fallback": _text(form, "fallback", faults),
        "claim_until": _moment(form.get("claim_until", ""), "claim_until", zone, faults),
        "redraw_sources": list(_sources(form, "redraw_sources", zone, faults)) if redraw else [],
        "redraw_rounds_max": int(redraw),
        **{key: _text(form, key, faults) for key in ("exclusions", "privacy", "tax")},
    }
    return draft, faults


def field_of(check: str) -> str:
    """The field a refused check is about: by its name, or by the key it begins with."""
    for words, field in _FIELDS.items():
        if check.startswith(words):
            return field
    return re.split("[ :]", check)[0]


def _quarter(local: datetime) -> tuple[date, date]:
    """First and last day of this quarter, or of the next where this one cannot be announced any more."""
    begins = date(local.year, (local.month - 1) // 3 * 3 + 1, 1)
    ends = _next(begins) - DAY
    if local.replace(tzinfo=None) > datetime.combine(ends, time(18)) - LAST_DAYS - DAY:
        begins, ends = _next(begins), _next(_next(begins)) - DAY
    return begins, ends


def _next(begins: date) -> date:
    return date(begins.year + begins.month // 10, (begins.month + 2) % 12 + 1, 1)


def _tiers(form: Form, faults: dict[str, str]) -> Iterator[Fields]:
    """The rows that were filled in, numbered as they stand."""
    number = 0
    for row in range(TIERS):
        typed = {key: form.get(f"tiers-{row}-{key}", "").strip() for key in ("name", "prize", "value", "count")}
        if not any(typed.values()):
            continue
        number += 1
        if not typed["name"] or not typed["prize"]:
            faults["tiers"] = "tier_words"
        value, count = _fen(typed["value"], faults), _number(typed["count"], "tiers", faults)
        yield {"tier": number, "name": typed["name"], "prize": typed["prize"], "value_fen": value, "count": count}


def _sources(form: Form, name: str, zone: ZoneInfo, faults: dict[str, str]) -> Iterator[Fields]:
    for row in range(SOURCE_ROWS):
        source = form.get(f"{name}-{row}-id", "")
        if source not in SOURCES:
            continue
        drawn_at = _moment(form.get(f"{name}-{row}-drawn_at", ""), name, zone, faults)
        issue = form.get(f"{name}-{row}-issue", "").strip()
        if source == BEACON and not issue and drawn_at:
            issue = str((int(datetime.fromisoformat(drawn_at).timestamp()) - QUICKNET_BEGAN) // QUICKNET_SECONDS + 1)
        if not ISSUE.fullmatch(issue):
            faults[name] = "source_issue"
        rule = form.get(f"{name}-{row}-rule", "").strip() or f"{SOURCES[source].name} 第 {issue} 期公布的号码"
        yield {"id": source, "issue": issue, "drawn_at": drawn_at, "rule": rule}


def _text(form: Form, field: str, faults: dict[str, str]) -> str:
    typed = form.get(field, "").strip()
    if not typed:
        faults[field] = "needed"
    return typed


def _number(typed: str, field: str, faults: dict[str, str]) -> int:
    if not re.fullmatch("[0-9]{1,9}", typed.strip()):
        faults[field] = "number"
        return 0
    return int(typed)


def _fen(typed: str, faults: dict[str, str]) -> int:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", typed):
        faults["tiers"] = "money"
        return 0
    return int(Decimal(typed) * 100)


def _moment(typed: str, field: str, zone: ZoneInfo, faults: dict[str, str]) -> str:
    try:
        moment = datetime.fromisoformat(typed)
        if moment.tzinfo is not None or "T" not in typed:
            raise ValueError(typed)
        return moment.replace(tzinfo=zone).isoformat()
    except ValueError:
        faults[field] = "moment"
        return ""


_TEXTS: dict[str, Any] = {
    "eligibility": "本季度评价过信息服务的本院职工都参加，服务商人员和抽奖监督小组除外。评好评差机会一样。",
    "ticket_rule": "每评价一张工单得一张抽奖券，每人最多三张。",
    "cap": "3",
    "tiers-0-name": "一等奖",
    "tiers-0-prize": "保温杯",
    "tiers-0-value": "99",
    "tiers-0-count": "1",
    "tiers-1-name": "二等奖",
    "tiers-1-prize": "雨伞",
    "tiers-1-value": "49",
    "tiers-1-count": "5",
    "tiers-2-name": "三等奖",
    "tiers-2-prize": "笔记本",
    "tiers-2-value": "19",
    "tiers-2-count": "20",
    "sources-0-id": "cn-kl8",
    "sources-1-id": "cn-dlt",
    "redraw_sources-0-id": "cn-kl8",
    "fallback": "公告的那一期停开时，用下一期。",
    "redraw": "on",
    "exclusions": "服务商人员、抽奖监督小组、未核验身份的评价、他人代录的评价、截止前经复核排除的评价。",
    "privacy": "名单只公布代号，不公布姓名；中奖人同意时，姓名隐去部分字公布。",
    "tax": "奖品由医院工会承担，个人所得税由医院代扣代缴。",
}
