"""To whom a ticket might go, ranked, and why: on duty, has done it before, is near, knows the thing, has time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.models import Department, Ticket, TicketAsset
from app.pagination import Line
from app.services.organisation import duty
from app.services.tickets import detail

SHOWN = 5
LOOKED_AT = 100  # of the last tickets of the service, the room, the asset, the department
# What each reason is worth; each open ticket costs one, up to LOAD.
WORTH = {"on_duty": 6, "here": 2, "skill": 4, "asset": 4, "place": 3, "area": 2}
LOAD = 5


@dataclass(frozen=True)
class Suggestion:
    """An engineer, with the reasons for them by their codes; `count` tells how often or how many."""

    id: int
    name: str
    team: str
    open: int
    score: int
    reasons: Sequence[tuple[str, str]]


def rank(session: Session, ticket: Ticket, candidates: Sequence[Line], *, at: datetime) -> list[Suggestion]:
    """The best of those it could be given to; without the one who has it."""
    on_duty = {one.person_id: one for one in duty.on_duty(session, at=at)}
    department = session.get(Department, ticket.department_id) if ticket.department_id else None
    campus = department.campus_id if department else None
    counted = _counted(session, ticket)
    found = []
    for one in candidates:
        if one.id == ticket.lead_id:
            continue
        reasons = [(name, str(leads[one.id])) for name, leads in counted.items() if leads[one.id]]
        if (shift := on_duty.get(one.id)) is not None:
            reasons.insert(0, ("on_duty", ""))
            reasons += [("here", "")] if campus is not None and shift.campus_id in {None, campus} else []
        score = sum(WORTH[name] for name, _count in reasons) - min(one.open, LOAD)
        found.append(Suggestion(one.id, one.name, one.team, one.open, score, [*reasons, ("load", str(one.open))]))
    return sorted(found, key=lambda one: (-one.score, one.open, one.name))[:SHOWN]


def _counted(session: Session, ticket: Ticket) -> dict[str, Counter[int]]:
    """By reason, how many of the last tickets of that kind each engineer led; each read by its own index."""
    own = detail.asset_of(session, ticket)
    ways: dict[str, ColumnElement[bool] | None] = {
        "skill": Ticket.category_id == ticket.category_id if ticket.category_id else None,
        "place": Ticket.place_id == ticket.place_id if ticket.place_id else None,
        "area": Ticket.department_id == ticket.department_id if ticket.department_id else None,
    }
    found = {name: _leads(session, ticket, way) for name, way in ways.items() if way is not None}
    if own is not None:
        same = select(TicketAsset.ticket_id).where(TicketAsset.asset_id == own)
        tickets = session.scalars(same.order_by(TicketAsset.ticket_id.desc()).limit(LOOKED_AT)).all()
        found["asset"] = _leads(session, ticket, Ticket.id.in_(tickets))
    return found


def _leads(session: Session, ticket: Ticket, way: ColumnElement[bool]) -> Counter[int]:
    last = select(Ticket.lead_id).where(way, Ticket.id != ticket.id).order_by(Ticket.reported_at.desc())
    return Counter(lead for lead in session.scalars(last.limit(LOOKED_AT)) if lead is not None)
