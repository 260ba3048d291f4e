"""The service levels as they are agreed: those of config/sla.toml, and what was put in force for a contract since."""

import json
from dataclasses import replace
from datetime import date
from functools import lru_cache

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Contract, RuleSetVersion
from config.sla import Limits, ServiceLevels, Version, service_levels

_LIMITS: TypeAdapter[tuple[Limits, ...]] = TypeAdapter(tuple[Limits, ...])


def levels(session: Session) -> ServiceLevels:
    query = select(RuleSetVersion.name, RuleSetVersion.since, RuleSetVersion.content, Contract.number)
    query = query.join(Contract, Contract.id == RuleSetVersion.contract_id)
    rows = session.execute(query.order_by(RuleSetVersion.since, RuleSetVersion.id)).all()
    return _merged(tuple(map(tuple, rows)))


def with_limits(known: ServiceLevels, limits: tuple[Limits, ...], *, contract: str, since: date) -> ServiceLevels:
    """As if these were in force for a contract from that day on."""
    return replace(known, versions=(*known.versions, Version(contract, since, limits, (contract,))))


@lru_cache(maxsize=16)
def _merged(own: tuple[tuple[str, date, str, str], ...]) -> ServiceLevels:
    file = service_levels()
    added = (
        Version(name, since, _LIMITS.validate_python(json.loads(content)["limits"]), (contract,))
        for name, since, content, contract in own
    )
    return replace(file, versions=(*file.versions, *added)) if own else file
