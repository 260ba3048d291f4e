"""A contract's rules from draft to force: written, tried on the last quarter, put in force with a reason.

Each step is an event. A draft of a quarter that runs is counted by what is in force; what was frozen stays under the
rules it was frozen by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import HELD, announce, insert_first, upsert
from app.errors import Refused
from app.models import Contract, RuleSetDraft, RuleSetVersion, Sheet
from app.services import events
from app.services.events import About
from app.services.indicators.quarters import Quarter
from app.services.service_levels import due_moments
from app.services.sheets import rule_sets
from ledger.canonical import canonical

REASON_MOST = 500
ASKED_BY = "asked_by"
AHEAD = 4  # quarters


@dataclass(frozen=True)
class Act:
    by: int
    at: datetime


def quarters(today: date) -> Sequence[Quarter]:
    """From whose beginning rules may count: the running one and the next."""
    found = [Quarter.at(today)]
    while len(found) <= AHEAD:
        found.append(found[-1].after)
    return found


def save(session: Session, contract: Contract, content: dict[str, Any], act: Act, *, seen: str) -> RuleSetDraft:
    """What was checked already (`rule_sets.wrong`); a trial of what stood there before is no trial of it.

    `seen`: the digest of the draft it was made of, empty where there was none. Raises Refused.
    """
    _hold(session, contract)
    before = session.get(RuleSetDraft, contract.id, populate_existing=True)
    if (before.digest if before else "") != seen:
        raise Refused("rules_draft_changed")
    text = canonical(content).decode()
    values = {"content": text, "digest": _digest(text), "trial": None, "by_id": act.by, "at": act.at}
    statement = upsert(session, RuleSetDraft).values(contract_id=contract.id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["contract_id"], set_=values))
    _record(session, contract, "rules_drafted", act, digest=values["digest"])
    return draft(session, contract)


def draft(session: Session, contract: Contract) -> RuleSetDraft:
    """Raises Refused."""
    found = session.get(RuleSetDraft, contract.id, populate_existing=True)
    if found is None:
        raise Refused("no_rules_draft")
    return found


def drop(session: Session, contract: Contract, act: Act) -> None:
    _hold(session, contract)
    found = draft(session, contract)
    _record(session, contract, "rules_dropped", act, digest=found.digest)
    session.execute(delete(RuleSetDraft).where(RuleSetDraft.contract_id == contract.id))


def ask_trial(session: Session, contract: Contract, act: Act) -> None:
    """The worker tries the draft: new limits mean that the clocks of a whole quarter are read anew. Raises Refused."""
    _hold(session, contract)
    found = draft(session, contract)
    found.trial = {"digest": found.digest, ASKED_BY: act.by}
    announce(session, "trials")


def to_try(session: Session) -> list[RuleSetDraft]:
    """Those that somebody waits to see tried, as they are now."""
    found = session.scalars(select(RuleSetDraft).order_by(RuleSetDraft.contract_id))
    return [one for one in found if one.trial and ASKED_BY in one.trial]


def tried(session: Session, contract: Contract, trial: dict[str, Any], act: Act, *, digest: str) -> None:
    """Keep what a trial of the draft came to, or why it came to nothing; of one that was changed meanwhile nothing."""
    _hold(session, contract)
    found = session.get(RuleSetDraft, contract.id, populate_existing=True)
    if found is None or found.digest != digest or ASKED_BY not in (found.trial or {}):
        return
    found.trial = {**trial, "digest": found.digest}
    if "refused" in trial:
        return
    data = {"digest": found.digest, "quarter": trial["quarter"], "was": trial["was"]["total"]}
    _record(session, contract, "rules_tried", act, **data, total=trial["now"]["total"])


def put_in_force(
    session: Session, contract: Contract, quarter: Quarter, *, digest: str, reason: str, act: Act, zone: ZoneInfo
) -> RuleSetVersion:
    """The draft that was seen (by its digest), from the quarter's first day on; what is open is counted again.

    Raises Refused.
    """
    _hold(session, contract)
    found = draft(session, contract)
    if found.digest != digest:
        raise Refused("rules_draft_changed")
    if quarter not in quarters(act.at.astimezone(zone).date()):
        raise Refused("rules_since")
    frozen = select(Sheet.quarter).where(Sheet.contract_id == contract.id, Sheet.quarter >= str(quarter))
    if session.scalars(frozen.limit(1)).first():
        raise Refused("rules_quarter_frozen")
    version = (session.scalar(_last(contract)) or 0) + 1
    name = f"{contract.number}/{version}"
    values = {"contract_id": contract.id, "version": version, "name": name, "since": quarter.first, "reason": reason}
    rest = {"content": found.content, "digest": found.digest, "by_id": act.by, "at": act.at}
    if (made := insert_first(session, RuleSetVersion, **values, **rest)) is None:
        raise Refused("rules_draft_changed")
    session.execute(delete(RuleSetDraft).where(RuleSetDraft.contract_id == contract.id))
    data = {"rules": version, "since": quarter.first.isoformat(), "digest": found.digest}
    _record(session, contract, "rules_in_force", act, **data)
    session.flush()
    due_moments.recount(session, zone=zone)
    return session.get_one(RuleSetVersion, made)


def standing_for_draft(session: Session, contract: Contract, today: date) -> dict[str, Any]:
    """What a draft starts from, and is held against: what will be in force next quarter."""
    return rule_sets.standing(session, contract, Quarter.at(today).after.first)


def _last(contract: Contract) -> Any:
    return select(func.max(RuleSetVersion.version)).where(RuleSetVersion.contract_id == contract.id)


def _hold(session: Session, contract: Contract) -> None:
    session.get_one(Contract, contract.id, with_for_update=HELD)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _record(session: Session, contract: Contract, kind: str, act: Act, **data: object) -> None:
    events.append(session, About(contract.id), kind, by=act.by, at=act.at, channel="console", data=data)
