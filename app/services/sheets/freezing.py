"""Freezing a quarter: every figure and the rows behind it, all or nothing. A correction is one more version."""

import json
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import HELD, insert_first
from app.errors import Refused
from app.models import Contract, Sheet, SheetRows
from app.services import events
from app.services.events import About
from app.services.indicators import clocks, counting
from app.services.indicators.counting import Count
from app.services.indicators.measures import MEASURES
from app.services.indicators.scope import Measure, Scope
from app.services.sheets import computing
from app.services.sheets.terms import Term
from ledger.canonical import canonical
from supervision.settlement import termination_review

REASON_MOST = 500


def freeze(
    session: Session, term: Term, *, version: int, reason: str, window: timedelta, by: int, at: datetime
) -> Sheet:
    """`version` is the one that whoever freezes has seen coming: of two at once the second is refused.

    Raises Refused: before the quarter's end and the rating window, with entries nobody has checked, without a base.
    """
    session.get_one(Contract, term.contract.id, with_for_update=HELD)
    _check(session, term, version, reason, window, at)
    rows: dict[str, dict[str, list[int]]] = {}

    def counter(measure: Measure, scope: Scope) -> Count:
        name = next(name for name, one in MEASURES.items() if one is measure)
        ids = rows[name] = counting.units(session, measure, scope)
        return Count(len(ids["good"]), len(ids["good"]) + len(ids["other"]))

    found = computing.content(session, term, counter=counter)
    if found["total"] is None:
        raise Refused("nothing_to_score")
    packed = {name: counting.pack(ids) for name, ids in rows.items()}
    found["rows"] = {name: sha256(data).hexdigest() for name, data in sorted(packed.items())}
    found["version"], found["reason"] = version, reason
    found["salt"] = secrets.token_hex(16)  # else who may not read a figure finds it by trying what gives the digest
    found["termination_review"] = termination_review([*_totals_before(session, term), found["total"]])
    text = canonical(found)
    values = {"contract_id": term.contract.id, "quarter": str(term.quarter), "version": version, "reason": reason}
    digest = sha256(text).hexdigest()
    sheet_id = insert_first(session, Sheet, **values, content=text.decode(), digest=digest, by_id=by, at=at)
    if sheet_id is None:
        raise Refused("frozen_already")
    session.add_all(SheetRows(sheet_id=sheet_id, code=name, ids=data) for name, data in packed.items())
    data: dict[str, Any] = {"quarter": str(term.quarter), "version": version, "digest": digest}
    events.append(session, About(sheet_id), "sheet_frozen", by=by, at=at, channel="console", data=data)
    return session.get_one(Sheet, sheet_id)


def opens_at(term: Term, window: timedelta) -> datetime:
    """From when on a quarter can be frozen: by then all is known that counts for it."""
    return term.quarter.known_from(term.zone, window)


def newest(session: Session, contract_id: int, quarter: str) -> Sheet | None:
    query = select(Sheet).where(Sheet.contract_id == contract_id, Sheet.quarter == quarter)
    return session.scalars(query.order_by(Sheet.version.desc()).limit(1)).first()


def _check(session: Session, term: Term, version: int, reason: str, window: timedelta, at: datetime) -> None:
    last = newest(session, term.contract.id, str(term.quarter))
    if version != (last.version if last else 0) + 1:
        raise Refused("frozen_already")
    if last is not None and not reason:
        raise Refused("reason_missing")
    if len(reason) > REASON_MOST:
        raise Refused("too_long", most=REASON_MOST)
    if at < opens_at(term, window):
        raise Refused("quarter_not_over", until=f"{opens_at(term, window):%Y-%m-%d}")
    if term.contract.quarterly_base_fen is None:
        raise Refused("no_base")
    if next(computing.waiting(session, term), None) is not None:
        raise Refused("entries_unchecked")
    digest = clocks.rules_digest(session, term.zone)
    if not clocks.complete(session, term.scope, zone=term.zone, digest=digest):
        raise Refused("clocks_missing")


def _totals_before(session: Session, term: Term) -> list[int]:
    """Of the contract's earlier quarters, the newest version of each."""
    query = select(Sheet.quarter, Sheet.content).where(
        Sheet.contract_id == term.contract.id, Sheet.quarter < str(term.quarter)
    )
    found = {row.quarter: read(row.content)["total"] for row in session.execute(query.order_by(Sheet.version))}
    return [found[quarter] for quarter in sorted(found)]


def read(content: str) -> dict[str, Any]:
    """Its dimensions in the order of the tree again, which canonical JSON does not keep."""
    found: dict[str, Any] = json.loads(content)
    order = dict.fromkeys(line["dimension"] for line in found["lines"])
    found["dimensions"] = {code: found["dimensions"][code] for code in order if code in found["dimensions"]}
    return found
