"""That somebody came, proved by the code of the room or asset they scanned there; without one, by the time alone."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Asset, Department, Ticket, TicketAsset
from app.pagination import Line
from app.services.organisation.assets import LabelTarget


def proof(session: Session, ticket: Ticket, scanned: LabelTarget) -> dict[str, Any]:
    """For the event of the arrival; raises Refused where the label hangs somewhere else."""
    if ticket.id not in {row.id for row in session.execute(_here(scanned).where(Ticket.id == ticket.id))}:
        raise Refused("proof_elsewhere")
    return {"proof": scanned.kind, "scanned": scanned.id}


def awaited(session: Session, engineer: int, scanned: LabelTarget) -> Sequence[Line]:
    """The tickets this engineer leads, has accepted and is awaited for where the label hangs."""
    own = _here(scanned).where(Ticket.lead_id == engineer, Ticket.state == "accepted")
    return session.execute(own.order_by(Ticket.priority, Ticket.reported_at)).all()


def _here(scanned: LabelTarget) -> Any:
    """The label's own asset or room; the room of the asset; its department, where the ticket says no more."""
    query = (
        select(Ticket.id, Ticket.number, Ticket.description, Department.name.label("department"))
        .outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id)
        .outerjoin(Asset, Asset.id == TicketAsset.asset_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
    )
    says_no_more = and_(Ticket.place_id.is_(None), Asset.place_id.is_(None))
    ways: list[ColumnElement[bool]] = [and_(Ticket.department_id == scanned.department_id, says_no_more)]
    if scanned.kind == "asset":
        ways.append(TicketAsset.asset_id == scanned.id)
    if scanned.place_id is not None:
        ways += [Ticket.place_id == scanned.place_id, Asset.place_id == scanned.place_id]
    return query.where(or_(*ways))
