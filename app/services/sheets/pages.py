"""What pages and commands show: drafts as they were last counted, frozen versions as they were frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import upsert
from app.errors import Missing
from app.models import Contract, Provider, Sheet, SheetDraft, SheetRows
from app.pagination import Line
from app.services.indicators import counting
from app.services.indicators.measures import MEASURES
from app.services.indicators.quarters import Quarter
from app.services.sheets import agreeing, computing, freezing
from app.services.sheets.agreeing import Standing
from app.services.sheets.terms import Term
from supervision.samples import FEW, telling

ROWS = 100


@dataclass(frozen=True)
class SheetView:
    """A quarter of a contract as somebody sees it: the newest version, or the draft; no content before any count."""

    term: Term
    content: dict[str, Any] | None
    counted_at: datetime | None
    standing: Standing | None
    versions: Sequence[Sheet]

    @property
    def state(self) -> str:
        return self.standing.state if self.standing else "draft"

    @property
    def next_version(self) -> int:
        return len(self.versions) + 1


def term(session: Session, number: str, quarter: Quarter, *, zone: ZoneInfo) -> Term:
    """Raises Missing."""
    contract = session.scalars(select(Contract).where(Contract.number == number)).first()
    if contract is None:
        raise Missing("no_such_contract")
    return Term(contract, quarter, zone)


def contracts(session: Session, *, provider_id: int | None = None) -> list[Line]:
    """Every contract, the newest first; one provider's alone."""
    query = select(Contract, Provider.name.label("provider")).join(Provider, Provider.id == Contract.provider_id)
    if provider_id is not None:
        query = query.where(Contract.provider_id == provider_id)
    return list(session.execute(query.order_by(Contract.valid_from.desc(), Contract.id)).all())


def terms_open(session: Session, *, today: date, zone: ZoneInfo) -> list[Term]:
    """The quarters that move: this one and the one before, of contracts in force in them."""
    found = []
    for row in contracts(session):
        for quarter in (Quarter.at(today), Quarter.at(today).before):
            one = Term(row.Contract, quarter, zone)
            if one.days:
                found.append(one)
    return found


def refresh(session: Session, one: Term, *, at: datetime) -> None:
    """Count the draft anew, for the hospital and for the provider."""
    today, known = at.astimezone(one.zone).date(), computing.provider_knows_until(session, one, at=at)
    values = {
        "content": computing.content(session, one, today=today),
        "for_provider": computing.content(session, one, rated_until=known, today=today),
        "at": at.replace(second=0, microsecond=0),  # as it is shown
    }
    statement = upsert(session, SheetDraft).values(contract_id=one.contract.id, quarter=str(one.quarter), **values)
    session.execute(statement.on_conflict_do_update(index_elements=["contract_id", "quarter"], set_=values))


def load(session: Session, one: Term, *, for_provider: bool, version: int | None = None) -> SheetView:
    """Raises Missing for a version there is not."""
    query = select(Sheet).where(Sheet.contract_id == one.contract.id, Sheet.quarter == str(one.quarter))
    versions = session.scalars(query.order_by(Sheet.version)).all()
    if versions and version != 0:
        sheet = versions[-1] if version is None else next((s for s in versions if s.version == version), None)
        if sheet is None:
            raise Missing("no_such_sheet")
        found = freezing.read(sheet.content)
        content = few_hidden(found) if for_provider else found
        return SheetView(one, content, sheet.at, agreeing.standing(session, sheet, zone=one.zone), versions)
    draft = session.get(SheetDraft, (one.contract.id, str(one.quarter)), populate_existing=True)
    if draft is None:
        return SheetView(one, None, None, None, versions)
    return SheetView(one, draft.for_provider if for_provider else draft.content, draft.at, None, versions)


def few_hidden(content: dict[str, Any]) -> dict[str, Any]:
    """As the provider and everybody read what was frozen: nothing that would be single answers.

    Fewer than five say that there are few; so do fewer than thirty that are all alike, which are not scored either; and
    beside the rate without what was set aside stands the one with it only where at least five were. Neither salt nor
    digests of rows: with them whoever tries what is hidden would know when it is right.
    """
    alike = any(telling(*one) for one in computing.satisfied(content["lines"]))
    lines = [_hidden(line) if _few(line, alike) else line for line in content["lines"]]
    both = content["satisfied_with_excluded"]
    apart = both["den"] - sum(answers for _satisfied, answers in computing.satisfied(content["lines"]))
    shown = both["den"] >= FEW and (apart == 0 or apart >= FEW)
    known = {name: value for name, value in content.items() if name not in {"salt", "rows"}}
    return {**known, "lines": lines, "satisfied_with_excluded": both if shown and not alike else None}


def _few(line: dict[str, Any], alike: bool) -> bool:
    if line["measure"] not in MEASURES or not MEASURES[line["measure"]].of_ratings:
        return False
    figure = line["figure"] or {}
    if "count" in figure:
        return False  # upheld ones, each with its deduction
    num, den = figure.get("num", 0), figure.get("den", 0)
    measure = MEASURES[line["measure"]]
    if measure.of_whom:
        return bool(num < FEW)
    return telling(num, den) if measure.of_levels else bool(den < FEW) or (measure.of_low and alike)


def _hidden(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "figure": None, "interval": None, "why": "few_for_provider"}


def rows(
    session: Session, one: Term, code: str, *, sheet: Sheet | None, good: bool | None, after: int
) -> tuple[Sequence[Line], int | None]:
    """What stands behind a figure, of the frozen version or as it is now, after so many rows; and where it goes on.

    Not after an id: who tries where a list begins learns the ids of events, and from their leaps when somebody rated.
    """
    line = one.rules(session).indicator(code)
    if line is None or not line.counted:
        raise Missing("no_such_indicator")
    measure = MEASURES[line.measure]
    if sheet is None:
        found = counting.rows(session, measure, one.scope, good=good, after=after, most=ROWS + 1)
        return found[:ROWS], after + ROWS if len(found) > ROWS else None
    kept = session.get(SheetRows, (sheet.id, line.measure))
    ids = counting.unpack(kept.ids) if kept else {"good": [], "other": []}
    chosen = sorted(ids["good"] if good else ids["other"] if good is False else [*ids["good"], *ids["other"]])
    end = after + ROWS
    return counting.rows_of(session, measure, chosen[after:end]), end if len(chosen) > end else None


def as_json(view: SheetView) -> dict[str, Any]:
    """What the command prints: the figures of the page, and how far it has come."""
    facts: dict[str, Any] = {"state": view.state, "contract": view.term.contract.number}
    if view.standing:
        facts |= {"digest": view.standing.sheet.digest, "signed": [row.side for row in view.standing.signatures]}
    return {**facts, **(view.content or {"quarter": str(view.term.quarter), "total": None})}
