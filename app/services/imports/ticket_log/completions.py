"""What is fixed at each finished cycle of an imported ticket; a completion somebody has rated is left as it is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from app.models import Completion, Department, EnteredRating, Provider, Rating
from app.services.imports.ticket_log.profile import BadProfile
from app.services.imports.ticket_log.replay import Life
from app.services.tickets.completions import contract_for


def write(session: Session, lives: dict[int, Life], served: dict[int, bool], *, provider: str, at: datetime) -> None:
    """Write or correct the completions of these tickets. `provider` is the code of who did the work, if known.

    `at` is in the hospital's zone: a contract covers the hospital's days.
    """
    provider_id = session.scalar(select(Provider.id).where(Provider.code == provider)) if provider else None
    if provider and provider_id is None:
        raise BadProfile("no_such_provider", provider=provider)
    rows = _rows(session, lives, served, provider_id, at)
    known: dict[tuple[int, int], tuple[int, bool]] = {}
    rated = or_(
        exists().where(Rating.completion_id == Completion.id),
        exists().where(EnteredRating.completion_id == Completion.id),
    )
    query = select(Completion.ticket_id, Completion.cycle, Completion.id, rated).where(Completion.ticket_id.in_(lives))
    for ticket_id, cycle, completion_id, has_rating in session.execute(query):
        known[ticket_id, cycle] = completion_id, has_rating
    new, corrected = [], []
    for row in rows:
        found = known.get((row["ticket_id"], row["cycle"]))
        if found is None:
            new.append(row)
        elif not found[1]:
            corrected.append({**row, "row_id": found[0]})
    if new:
        session.execute(insert(Completion.__table__), new)  # type: ignore[arg-type]
    if corrected:
        table = Completion.__table__
        values: dict[str, Any] = {
            name: bindparam(name) for name in corrected[0] if name not in {"row_id", "ticket_id", "cycle"}
        }
        statement = update(Completion).where(table.c.id == bindparam("row_id")).values(values)
        session.connection().execute(statement, corrected)


def _rows(
    session: Session, lives: dict[int, Life], served: dict[int, bool], provider_id: int | None, now: datetime
) -> list[dict[str, Any]]:
    campuses = _campuses(session, (finish.department for life in lives.values() for finish in life.finishes.values()))
    contracts: dict[tuple[object, ...], int | None] = {}

    def contract(category: int | None, campus: int | None, at: datetime) -> int | None:
        key = (category, campus, at.astimezone(now.tzinfo).date())
        if provider_id is not None and key not in contracts:
            contracts[key] = contract_for(session, provider_id, *key)
        return contracts.get(key)

    return [
        {
            "ticket_id": ticket_id,
            "cycle": finish.cycle,
            "finished_at": finish.at,
            "rateable": served[ticket_id],
            "lead_id": finish.lead,
            "team_id": finish.team,
            "department_id": finish.department,
            "campus_id": (campus := campuses.get(finish.department)),
            "provider_id": provider_id,
            "contract_id": contract(finish.category, campus, finish.at),
            "category_id": finish.category,
        }
        for ticket_id, life in lives.items()
        for finish in life.finishes.values()
    ]


def _campuses(session: Session, departments: Iterable[int | None]) -> dict[int | None, int | None]:
    ids = {department for department in departments if department is not None}
    if not ids:
        return {}
    query = select(Department.id, Department.campus_id).where(Department.id.in_(ids))
    return dict(session.execute(query).all())
