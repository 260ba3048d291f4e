"""What a draft of rules changes, and what the last quarter would have come to under it.

The figures are those of the quarter's sheet; where the limits are others, the clocks of its completions are read anew,
and nothing of that is kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Contract, RuleSetDraft
from app.services.indicators import clocks
from app.services.indicators.quarters import Quarter
from app.services.service_levels import agreed
from app.services.service_levels.clock import Rules
from app.services.sheets import computing, pages, rule_drafts, rule_sets
from app.services.sheets.terms import Term
from config.score import RuleSet
from config.sla import Limits

OF_CLOCKS = {
    "dispatch_in_time": "dispatch",
    "response_in_time": "response",
    "arrival_in_time": "arrival",
    "solution_in_time": "solution",
}
URGENT = "urgent_missed"
SUMS = ("grade", "k", "fee")


@dataclass(frozen=True)
class Change:
    """One field: of which indicator, band or limit, by which name; None where there was none, or is none."""

    part: str
    name: str
    was: str | None
    now: str | None


def changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    old, new = dict(_fields(was)), dict(_fields(now))
    places = dict.fromkeys([*old, *new])
    return [Change(*place, old.get(place), new.get(place)) for place in places if old.get(place) != new.get(place)]


def _fields(content: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for one in content["indicators"]:
        yield from ((((one["code"], name)), str(value)) for name, value in one.items() if isinstance(value, str))
    for name, value in {**content["settlement"], **content["bonus"]}.items():
        if name != "bands":
            yield ("settlement" if name in content["settlement"] else "bonus", name), str(value)
    for table, rows in (("bands", content["settlement"].get("bands", ())), ("limits", content["limits"])):
        for number, row in enumerate(rows, start=1):
            yield from (((f"{table}.{number}", name), _text(value)) for name, value in row.items())
    for name in ("objections", "calendar"):
        yield ("rules", name), content[name]


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def of_draft(session: Session, draft: RuleSetDraft, *, today: date, zone: ZoneInfo) -> dict[str, Any]:
    """A draft on the last quarter; where that cannot be, why."""
    contract = session.get_one(Contract, draft.contract_id)
    standing = rule_drafts.standing_for_draft(session, contract, today)
    try:
        return trial(session, Term(contract, Quarter.at(today).before, zone), rule_sets.content(draft), standing)
    except Refused as refused:
        return {"refused": refused.code}


def trial(session: Session, term: Term, content: Mapping[str, Any], standing: Mapping[str, Any]) -> dict[str, Any]:
    """The sheet of a quarter as it is, and as it would have been. Raises Refused where nothing was counted yet."""
    view = pages.load(session, term, for_provider=False)
    if view.content is None or view.content["total"] is None:
        raise Refused("not_counted_yet")
    was, rules = view.content, rule_sets.unsaved(content)
    limits = rule_sets.limits_of(content)
    fresh = _clock_figures(session, term, rules, limits) if limits != rule_sets.limits_of(standing) else {}
    now = computing.rescored(was, rules, fresh)
    return {
        "quarter": str(term.quarter),
        "state": view.state,
        "rules": was["rules"],
        "was": _sums(was),
        "now": _sums(now),
        "lines": list(_lines(was, now)),
        "clocks": bool(fresh),
    }


def _sums(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"total": content["total"], **{name: content["settlement"].get(name) for name in SUMS}}


def _lines(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Those whose weight or points are others."""
    before = {line["code"]: line for line in was["lines"]}
    for line in now["lines"]:
        old = before.get(line["code"])
        pair = {name: [old[name] if old else None, line[name]] for name in ("weight_spread", "points", "figure")}
        if any(one != other for one, other in pair.values()):
            yield {"code": line["code"], "name": line["name"], **pair}


def _clock_figures(session: Session, term: Term, rules: RuleSet, limits: tuple[Limits, ...]) -> dict[str, Any]:
    """The figures that clocks decide, as if these limits had stood for all that was reported."""
    known = agreed.with_limits(agreed.levels(session), limits, contract=term.contract.number, since=rule_sets.NO_DAY)
    counted = {name: [0, 0] for name in [*OF_CLOCKS.values(), URGENT]}
    for marks in clocks.read_under(session, term.scope, Rules.under(session, known, term.zone)):
        for name in OF_CLOCKS.values():
            if marks[name] is not None:
                counted[name][0] += marks[name]
                counted[name][1] += 1
        counted[URGENT][1] += marks["urgent"] and any(marks[name] is False for name in OF_CLOCKS.values())
    found = {}
    for one in rules.indicators:
        num, den = counted.get(OF_CLOCKS.get(one.measure, one.measure), (0, 0))
        if one.measure in OF_CLOCKS:
            found[one.code] = {"num": num, "den": den} if den else None
        elif one.measure == URGENT:
            found[one.code] = {"count": den}
    return found
