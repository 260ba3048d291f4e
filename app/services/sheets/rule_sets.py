"""By which rules a contract's quarter is scored: those put in force for it, else those of config/score.toml.

A rule set is written as JSON that has what the files have, `limits` beside the tree; what is read is checked by the
same models as the files are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Contract, RuleSetDraft, RuleSetVersion
from config.score import RuleSet, faults, score_rules
from config.sla import Limits, limit_faults, service_levels

_RULES: TypeAdapter[RuleSet] = TypeAdapter(RuleSet)
_LIMITS: TypeAdapter[tuple[Limits, ...]] = TypeAdapter(tuple[Limits, ...])
_NOT_WRITTEN = ("name", "since", "contracts")
NO_DAY = date(2000, 1, 1)

Written = Mapping[str, Any]


def for_quarter(session: Session, contract: Contract, first: date) -> RuleSet:
    """For the quarter that begins that day. Raises Refused where there were none yet."""
    query = select(RuleSetVersion).where(RuleSetVersion.contract_id == contract.id, RuleSetVersion.since <= first)
    newest = query.order_by(RuleSetVersion.since.desc(), RuleSetVersion.id.desc()).limit(1)
    if (own := session.scalars(newest).first()) is not None:
        return read(own.content, name=own.name, since=own.since, contract=contract.number)
    found = score_rules().rule_set(first, contract.number)
    if found is None:
        raise Refused("no_rules_yet")
    return found


def named(session: Session, name: str) -> RuleSet:
    """By the name that stands on a sheet. Raises Refused."""
    query = select(RuleSetVersion, Contract.number).join(Contract, Contract.id == RuleSetVersion.contract_id)
    if (own := session.execute(query.where(RuleSetVersion.name == name)).first()) is not None:
        version, number = own
        return read(version.content, name=name, since=version.since, contract=number)
    found = next((one for one in score_rules().versions if one.name == name), None)
    if found is None:
        raise Refused("no_rules_yet")
    return found


def versions(session: Session, contract: Contract) -> Sequence[RuleSetVersion]:
    """Those put in force for a contract, the newest first."""
    query = select(RuleSetVersion).where(RuleSetVersion.contract_id == contract.id)
    return session.scalars(query.order_by(RuleSetVersion.since.desc(), RuleSetVersion.id.desc())).all()


def content(kept: RuleSetVersion | RuleSetDraft) -> dict[str, Any]:
    """As it is written."""
    found: dict[str, Any] = json.loads(kept.content)
    return found


def standing(session: Session, contract: Contract, day: date, *, file: bool = False) -> dict[str, Any]:
    """What is in force for it from that day on (`file`: what the files have), with its limits, as it is written."""
    own = next((one for one in versions(session, contract) if one.since <= day), None)
    if own is not None and not file:
        return content(own)
    rules, limits = score_rules().rule_set(day, contract.number), service_levels().version(day, contract.number)
    if rules is None or limits is None:
        raise Refused("no_rules_yet")
    return written(rules, limits.limits)


def written(rules: RuleSet, limits: Sequence[Limits]) -> dict[str, Any]:
    """Without what no field of the file says."""
    fields = {name: value for name, value in asdict(rules).items() if name not in _NOT_WRITTEN}
    plain: dict[str, Any] = _plain({**fields, "limits": [asdict(one) for one in limits]})
    return plain


@lru_cache(maxsize=64)
def read(content: str, *, name: str, since: date, contract: str) -> RuleSet:
    fields = {field: value for field, value in json.loads(content).items() if field != "limits"}
    return _RULES.validate_python({**fields, "name": name, "since": since, "contracts": [contract]})


def limits_of(content: Written) -> tuple[Limits, ...]:
    return _LIMITS.validate_python(content["limits"])


def unsaved(content: Written) -> RuleSet:
    """What was written, as rules of no day yet."""
    fields = {field: value for field, value in content.items() if field != "limits"}
    return _RULES.validate_python({**fields, "name": "draft", "since": NO_DAY})


def wrong(content: Written, standing: Written) -> dict[str, str]:
    """What is wrong, by field: the code of the rule. Empty where all holds."""
    found: dict[str, str] = {}
    try:
        rules = unsaved(content)
        found |= dict(_other_figures(rules, standing))
        found |= {fault.field: fault.code for fault in reversed(list(faults(rules)))}
    except ValidationError as error:
        found |= {_field(one["loc"]): "form" for one in error.errors()}
    try:
        found |= {one.field: one.code for one in limit_faults(limits_of(content), service_levels())}
    except ValidationError as error:
        found |= {f"limits.{_field(one['loc'])}": "form" for one in error.errors()}
    return found


def _other_figures(rules: RuleSet, standing: Written) -> Iterator[tuple[str, str]]:
    """An indicator counts as before: what is a rate cannot become a number of events by another type."""
    before = unsaved(standing)
    for number, one in enumerate(rules.indicators):
        known = before.indicator(one.code)
        if known is not None and known.takes != one.takes:
            yield f"indicators.{number}.type", "other_figure"


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place))


def _plain(value: Any) -> Any:
    """As JSON has it: lists for tuples, nothing that says nothing."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items() if one not in (None, False, ())}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
