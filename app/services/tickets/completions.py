"""What is fixed when work is finished: who, for whom, under which contract. A rating is about this."""

from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import (
    Completion,
    CompletionHelper,
    Contract,
    ContractScope,
    Department,
    Ticket,
    TicketHelper,
)
from app.services.organisation import employment as people


def complete(session: Session, ticket: Ticket, *, at: datetime) -> Completion:
    """Copy the attribution of this cycle; it is never looked up again."""
    employment = people.employment_at(session, ticket.lead_id, at.date()) if ticket.lead_id else None
    provider_id = employment.provider_id if employment else None
    department = session.get(Department, ticket.department_id) if ticket.department_id else None
    campus_id = department.campus_id if department else None
    completion = Completion(
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        finished_at=at,
        rateable=ticket.rateable,
        lead_id=ticket.lead_id,
        team_id=ticket.team_id,
        department_id=ticket.department_id,
        campus_id=campus_id,
        provider_id=provider_id,
        contract_id=contract_for(session, provider_id, ticket.category_id, campus_id, at.date()),
        category_id=ticket.category_id,
    )
    session.add(completion)
    session.flush()
    helpers = session.scalars(select(TicketHelper.person_id).where(TicketHelper.ticket_id == ticket.id))
    session.add_all(CompletionHelper(completion_id=completion.id, person_id=helper) for helper in helpers)
    return completion


def contract_for(
    session: Session, provider_id: int | None, category_id: int | None, campus_id: int | None, day: date
) -> int | None:
    """The provider's contract in force that covers this category and campus; the most particular scope wins."""
    return session.scalar(
        select(Contract.id)
        .join(ContractScope, ContractScope.contract_id == Contract.id)
        .where(
            Contract.provider_id == provider_id,
            Contract.in_force(day),
            or_(ContractScope.category_id.is_(None), ContractScope.category_id == category_id),
            or_(ContractScope.campus_id.is_(None), ContractScope.campus_id == campus_id),
        )
        .order_by(ContractScope.category_id.is_(None), ContractScope.campus_id.is_(None), Contract.id)
        .limit(1)
    )
