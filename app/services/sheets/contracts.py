"""A contract with a provider, on record: registered, corrected while nothing hangs on it, prolonged, ended."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from app.db import HELD
from app.errors import Missing, Refused
from app.models import Campus, Category, Completion, Contract, ContractScope, Provider, Sheet
from app.pagination import Line
from app.services import events
from app.services.events import About
from app.services.indicators.quarters import Quarter

MOST_FEN = 10**13
NUMBER_MOST = 64
LONGEST_YEARS = 20

# A category and a campus; None stands for all of them.
Scope = tuple[int | None, int | None]


@dataclass(frozen=True)
class ContractForm:
    """What a form says of a contract; the first and the last day belong to it."""

    number: str
    provider_id: int | None
    first: date
    last: date
    scopes: frozenset[Scope]


@dataclass(frozen=True)
class Registered:
    """A contract as its page shows it. `begun`: a ticket was finished under it, only its last day can change."""

    contract: Contract
    provider: str
    scopes: Sequence[Line]
    begun: bool


def listed(session: Session, *which: ColumnElement[bool]) -> list[Registered]:
    """Every contract, or those that are meant, the newest first, with what it covers."""
    begun = exists().where(Completion.contract_id == Contract.id)
    query = select(Contract, Provider.name, begun).join(Provider, Provider.id == Contract.provider_id).where(*which)
    rows = session.execute(query.order_by(Contract.valid_from.desc(), Contract.id.desc())).all()
    scopes: dict[int, list[Line]] = {}
    for line in session.execute(
        select(ContractScope.contract_id, Category.name.label("category"), Campus.name.label("campus"))
        .join(Contract, Contract.id == ContractScope.contract_id)
        .outerjoin(Category, Category.id == ContractScope.category_id)
        .outerjoin(Campus, Campus.id == ContractScope.campus_id)
        .where(*which)
        .order_by(ContractScope.id)
    ):
        scopes.setdefault(line.contract_id, []).append(line)
    return [Registered(contract, name, scopes.get(contract.id, ()), under) for contract, name, under in rows]


def one(session: Session, contract_id: int) -> Registered:
    """Raises Missing."""
    for found in listed(session, Contract.id == contract_id):
        return found
    raise Missing("no_such_contract")


def scopes_of(session: Session, contract_id: int) -> frozenset[Scope]:
    query = select(ContractScope.category_id, ContractScope.campus_id).where(ContractScope.contract_id == contract_id)
    return frozenset((category, campus) for category, campus in session.execute(query))


def register(session: Session, form: ContractForm, *, by: int, at: datetime) -> int:
    """Tickets finished from now on, within its days and scopes, count for it. Raises Refused."""
    _check(session, form)
    made = Contract(number=form.number, provider_id=form.provider_id, valid_from=form.first, valid_to=form.last)
    session.add(made)
    session.flush()
    _cover(session, made.id, form.scopes)
    _record(session, made, "contract_made", form.scopes, by, at)
    return made.id


def change(session: Session, contract_id: int, form: ContractForm, *, by: int, at: datetime) -> bool:
    """Whether anything is new. Once a ticket was finished under it, its last day alone can change. Raises Refused."""
    held = session.get(Contract, contract_id, with_for_update=HELD, populate_existing=True)
    if held is None:
        raise Missing("no_such_contract")
    standing = ContractForm(held.number, held.provider_id, held.valid_from, held.valid_to, scopes_of(session, held.id))
    if form == standing:
        return False
    begun = session.scalar(select(exists().where(Completion.contract_id == held.id)))
    if begun and replace(form, last=standing.last) != standing:
        raise Refused("contract_begun")
    newest = session.scalar(select(func.max(Sheet.quarter)).where(Sheet.contract_id == held.id))
    if newest and form.last < (settled := min(Quarter.read(newest).last, standing.last)):
        raise Refused("contract_settled", until=settled.isoformat())
    _check(session, form, but=held.id)
    held.number, held.valid_from, held.valid_to = form.number, form.first, form.last
    held.provider_id = form.provider_id or held.provider_id
    if form.scopes != standing.scopes:
        session.execute(delete(ContractScope).where(ContractScope.contract_id == held.id))
        _cover(session, held.id, form.scopes)
    _record(session, held, "contract_changed", form.scopes, by, at)
    return True


def set_base(session: Session, contract: Contract, fen: int, *, by: int | None, at: datetime, channel: str) -> None:
    """For the quarters that are not frozen yet. Raises Refused."""
    if not 0 <= fen <= MOST_FEN:
        raise Refused("figure_form")
    held = session.get_one(Contract, contract.id, with_for_update=HELD, populate_existing=True)
    if held.quarterly_base_fen == fen:
        return
    held.quarterly_base_fen = fen
    events.append(session, About(held.id), "contract_base_set", by=by, at=at, channel=channel, data={"fen": fen})


def _check(session: Session, form: ContractForm, *, but: int | None = None) -> None:
    printable = not any(unicodedata.category(character).startswith("C") for character in form.number)
    if not 0 < len(form.number) <= NUMBER_MOST or not printable:
        raise Refused("contract_number", most=NUMBER_MOST)
    if not form.first <= form.last or form.last.year - form.first.year > LONGEST_YEARS:
        raise Refused("contract_days", most=LONGEST_YEARS)
    if form.provider_id is None or session.get(Provider, form.provider_id) is None:
        raise Refused("contract_provider")
    known: dict[Any, set[int]] = {model: set(session.scalars(select(model.id))) for model in (Category, Campus)}
    categories, campuses = ({one[side] for one in form.scopes} - {None} for side in (0, 1))
    if not form.scopes or categories - known[Category] or campuses - known[Campus]:
        raise Refused("contract_scope")
    others = select(Contract).where(Contract.id.is_distinct_from(but))
    if session.scalar(others.where(func.lower(Contract.number) == form.number.lower())) is not None:
        raise Refused("contract_taken", number=form.number)
    # Two that cover the same on one day would leave it to chance for which of them a ticket counts.
    beside = others.where(Contract.provider_id == form.provider_id, Contract.meets(form.first, form.last))
    for other in session.scalars(beside):
        if scopes_of(session, other.id) & form.scopes:
            raise Refused("contract_overlaps", number=other.number)


def _cover(session: Session, contract_id: int, scopes: Collection[Scope]) -> None:
    for category, campus in sorted(scopes, key=lambda scope: (scope[0] or 0, scope[1] or 0)):
        session.add(ContractScope(contract_id=contract_id, category_id=category, campus_id=campus))


def _record(session: Session, contract: Contract, kind: str, scopes: Collection[Scope], by: int, at: datetime) -> None:
    data = {
        "provider": contract.provider_id,
        "from": contract.valid_from.isoformat(),
        "to": contract.valid_to.isoformat(),
        "scopes": sorted(([category or 0, campus or 0] for category, campus in scopes)),
    }
    events.append(session, About(contract.id), kind, by=by, at=at, channel="console", data=data)
