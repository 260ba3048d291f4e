"""Which contract covers what was reported: by its category, campus and day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Campus, Contract, ContractScope
from app.pagination import Line
from config.sla import ServiceLevels


@dataclass(frozen=True)
class Scopes:
    """What each contract covers and when; the most particular scope comes first."""

    rows: Sequence[Line]

    def contract(self, category_id: int | None, campus: str | None, day: date) -> str | None:
        """The number of the contract in force that day that covers it."""
        for row in self.rows:
            covers = row.category_id in {None, category_id} and row.campus in {None, campus}
            if covers and row.Contract.in_force(day):
                number: str = row.Contract.number
                return number
        return None


def scopes(session: Session, levels: ServiceLevels) -> Scopes:
    """Nothing is asked where no version names a contract."""
    if not levels.by_contract:
        return Scopes([])
    query = (
        select(Contract, ContractScope.category_id, Campus.code.label("campus"))
        .join(ContractScope, ContractScope.contract_id == Contract.id)
        .outerjoin(Campus, Campus.id == ContractScope.campus_id)
    )
    order = (ContractScope.category_id.is_(None), ContractScope.campus_id.is_(None), Contract.id)
    return Scopes(session.execute(query.order_by(*order)).all())
