"""A rule set as boxes of a form, each named by its place in what is written, and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from flask import request

from app.http.forms import clean
from app.http.i18n import language
from app.http.words import word
from app.texts.rules import fault
from config.sla import service_levels

OF_INDICATOR = ("weight", "type", "target", "floor", "per", "step")
OF_BAND = ("least", "grade", "k")
OF_LIMIT = ("priorities", "departments", "campuses", "calendar", "dispatch", "response", "arrival", "solution")
OF_SETTLEMENT = ("mode", "full_at", "veto_k")
OF_BONUS = ("praise", "praise_most", "improvement", "improvement_most")
OF_RULES = ("objections", "calendar")
LISTS = ("priorities", "departments", "campuses")
BANDS, LIMITS = 8, 8  # rows of the form
LONGEST = 64


@dataclass(frozen=True)
class Box:
    """One field: what stands in it, what it offers, and what is wrong with it."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]
    fault: str


@dataclass(frozen=True)
class Row:
    title: str
    note: str
    boxes: Sequence[Box]

    @property
    def filled(self) -> bool:
        return any(box.value for box in self.boxes)


def boxes(content: Mapping[str, Any], wrong: Mapping[str, str]) -> dict[str, Any]:
    """The tables of a page: indicators, bands, limits, and the single fields."""
    english = language() == "en"
    options = _options()

    def row(place: str, fields: Mapping[str, Any], names: Sequence[str], title: str = "", note: str = "") -> Row:
        return Row(title, note, [_box(f"{place}{name}", name, fields.get(name), options, wrong) for name in names])

    settlement = content["settlement"]
    bands = _filled(settlement.get("bands", ()), BANDS)
    return {
        "indicators": [
            row(
                f"indicators.{number}.",
                one,
                OF_INDICATOR,
                f"{one['code']} {one['en' if english else 'zh']}",
                one["formula_en" if english else "formula_zh"],
            )
            for number, one in enumerate(content["indicators"])
        ],
        "bands": [row(f"settlement.bands.{number}.", one, OF_BAND) for number, one in bands],
        "limits": [row(f"limits.{number}.", one, OF_LIMIT) for number, one in _filled(content["limits"], LIMITS)],
        "settlement": row("settlement.", settlement, OF_SETTLEMENT),
        "bonus": row("bonus.", content["bonus"], OF_BONUS),
        "rules": row("", content, OF_RULES),
    }


def typed(content: dict[str, Any]) -> dict[str, Any]:
    """What was filled in, over what the form does not show. Raises Refused for what is too long."""
    for number, one in enumerate(content["indicators"]):
        _into(one, f"indicators.{number}.", OF_INDICATOR)
    _into(content["settlement"], "settlement.", OF_SETTLEMENT)
    _into(content["bonus"], "bonus.", OF_BONUS)
    _into(content, "", OF_RULES)
    bands = [one for one in _rows("settlement.bands.", OF_BAND, BANDS) if one]
    content["settlement"].pop("bands", None)
    if bands:
        content["settlement"]["bands"] = bands
    content["limits"] = [one for one in _rows("limits.", OF_LIMIT, LIMITS) if set(one) - {"calendar"}]
    return content


def _rows(place: str, names: Sequence[str], most: int) -> Iterator[dict[str, Any]]:
    for number in range(most):
        fields: dict[str, Any] = {}
        _into(fields, f"{place}{number}.", names)
        yield fields


def _into(fields: dict[str, Any], place: str, names: Sequence[str]) -> None:
    for name in names:
        text = clean(request.form.get(f"{place}{name}", ""), LONGEST)
        fields.pop(name, None)
        if text:
            fields[name] = _list(name, text) if name in LISTS else text


def _list(name: str, text: str) -> list[Any]:
    parts = text.replace(",", " ").split()
    return [int(part) if name == "priorities" and part in {"1", "2", "3", "4"} else part for part in parts]


def _filled(rows: Sequence[Mapping[str, Any]], most: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return zip(count(), [*rows, *[{}] * (most - len(rows))], strict=False)


def _box(place: str, name: str, value: Any, options: Mapping[str, Any], wrong: Mapping[str, str]) -> Box:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    fault_code = next((code for field, code in wrong.items() if field == place or field.startswith(f"{place}.")), "")
    shown = str(word("rules_fault", fault(place, fault_code))) if fault_code else ""
    return Box(place, str(word("rules_field", name)), text, options.get(name, ()), shown)


def _options() -> dict[str, list[tuple[str, str]]]:
    levels = service_levels()
    return {
        "type": [(code, str(word("rules_type", code))) for code in ("L", "D", "Y")],
        "mode": [(code, str(word("rules_mode", code))) for code in ("bands", "proportional")],
        "calendar": [("", ""), *((name, hours.label(language())) for name, hours in levels.calendars.items())],
    }
