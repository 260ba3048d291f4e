"""The tickets of those who joined a major incident go the way of its parent: state, engineer, completion."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.models import Event, IncidentChild, MajorIncident, Ticket
from app.services import events
from app.services.notices import outbox
from app.services.tickets import completions

WAY = ("reported", "dispatched", "accepted", "arrived", "finished", "closed")
CHANNEL = "incident"


def follow(session: Session, parent: Ticket, *, by: int | None, at: datetime) -> None:
    """After a move of the parent: every child that still follows comes to the same state. No other ticket has any."""
    incident = session.scalar(select(MajorIncident).where(MajorIncident.ticket_id == parent.id))
    if incident is None or parent.state not in WAY:
        return
    for child in session.scalars(_children(incident.id).with_for_update()):
        bring(session, child, parent, by=by, at=at)
    if parent.state == "finished":
        incident.closed_at = incident.closed_at or at


def bring(session: Session, child: Ticket, parent: Ticket, *, by: int | None, at: datetime) -> None:
    """To where its parent is, one node after the other, as it could have gone by itself."""
    if child.cycle != 1 or child.state not in WAY or parent.state not in WAY:
        return
    child.lead_id, child.team_id, child.due_at = parent.lead_id, parent.team_id, None
    for state in WAY[WAY.index(child.state) + 1 : WAY.index(parent.state) + 1]:
        if state == "arrived" and parent.state != "arrived":
            continue  # it may have been solved from afar
        child.state, child.updated_at = state, at
        data: dict[str, Any] | None = {"lead": child.lead_id, "helpers": []} if state == "dispatched" else None
        event = events.append(session, child, state, by=by, at=at, channel=CHANNEL, data=data)
        if state == "finished":
            child.finished_at = at
            completions.complete(session, child, at=at)
            for person in _joined(session, child.id):
                outbox.add(session, "finished", event, to=person, at=at)
        if state == "closed":
            child.closed_at = at


def _children(incident_id: int) -> Select[Ticket]:
    query = select(Ticket).join(IncidentChild, IncidentChild.ticket_id == Ticket.id)
    return query.where(IncidentChild.incident_id == incident_id, Ticket.cycle == 1).order_by(Ticket.id)


def _joined(session: Session, ticket_id: int) -> list[int]:
    query = select(Event.actor_id).where(Event.ticket_id == ticket_id, Event.kind == "joined").distinct()
    return [person for person in session.scalars(query) if person is not None]
