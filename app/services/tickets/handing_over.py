"""Who does the work, as the engineers settle it: give a dispatch back, hand a ticket over, call somebody to help."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Refused
from app.models import Employment, Person, RoleGrant, Ticket, TicketHelper
from app.models.ticket import DECLINE_REASONS, OPEN_STATES
from app.pagination import Line
from app.services import events
from app.services.events import Recorded
from app.services.notices import outbox
from app.services.organisation import employment
from app.services.organisation.directory import current_employment
from app.services.tickets import lifecycle, notes

MOST_HANDED = 100  # tickets of one shift


def decline(session: Session, ticket: Ticket, *, reason: str, by: int, at: datetime, channel: str) -> Recorded:
    """The engineer gives back what they have not accepted; the desk sees it among what nobody was given."""
    lifecycle.only_lead(ticket, by)
    if reason not in DECLINE_REASONS:
        raise Refused("decline_without_reason")
    lifecycle.mark_opened(session, ticket, by=by, at=at, channel=channel)
    event = lifecycle.move(session, ticket, "declined", by=by, at=at, channel=channel, data={"reason": reason})
    ticket.lead_id = ticket.team_id = None
    session.execute(delete(TicketHelper).where(TicketHelper.ticket_id == ticket.id))
    return event


def hand_over(
    session: Session, ticket: Ticket, *, to: int, note: str = "", by: int, at: datetime, channel: str
) -> Recorded:
    """The lead gives the ticket to a colleague, who has to open and accept it; whoever else helps, goes on helping."""
    lifecycle.only_lead(ticket, by)
    if to not in {one.id for one in colleagues(session, by, day=at.date())}:
        raise Refused("not_a_colleague")
    helps = select(TicketHelper.person_id).where(TicketHelper.ticket_id == ticket.id)
    helps = helps.where(employment.works(TicketHelper.person_id, at.date()))
    helpers = set(session.scalars(helps)) - {to}
    if note:
        notes.add(session, ticket, note, kind="noted", by=by, at=at, channel=channel)
    event = lifecycle.give(session, ticket, to=to, helpers=helpers, by=by, at=at, channel=channel, kind="handed_over")
    outbox.add(session, "dispatched", event, to=to, at=at)
    return event


def hand_over_shift(session: Session, *, to: int, note: str, by: int, at: datetime, channel: str) -> int:
    """All that the engineer still leads goes to a colleague, each with the note; how many it was."""
    led = select(Ticket).where(Ticket.lead_id == by, Ticket.state.in_(OPEN_STATES)).order_by(Ticket.id)
    held = session.scalars(led.limit(MOST_HANDED).with_for_update()).all()
    for ticket in held:
        hand_over(session, ticket, to=to, note=note, by=by, at=at, channel=channel)
    return len(held)


def call_helper(session: Session, ticket: Ticket, *, helper: int, by: int, at: datetime, channel: str) -> None:
    """The lead asks a colleague to help. The rating stays the lead's; a second call changes nothing."""
    lifecycle.only_lead(ticket, by)
    if ticket.state not in OPEN_STATES:
        raise Refused("move_not_allowed")
    if helper not in {one.id for one in colleagues(session, by, day=at.date())}:
        raise Refused("not_a_colleague")
    if insert_first(session, TicketHelper, ticket_id=ticket.id, person_id=helper):
        event = events.append(
            session, ticket, "helper_called", by=by, at=at, channel=channel, data={"helpers": [helper]}
        )
        outbox.add(session, "helper_called", event, to=helper, at=at)


def colleagues(session: Session, engineer: int, *, day: date) -> Sequence[Line]:
    """The engineers of the same provider who work that day, by name, those of the same team first."""
    own = employment.employment_at(session, engineer, day)
    if own is None or own.provider_id is None:
        return []
    query = (
        select(Person.id, Person.name, Employment.team_id)
        .join(RoleGrant, (RoleGrant.person_id == Person.id) & (RoleGrant.role == "engineer"))
        .join(Employment, Employment.id == current_employment(Person.id, day))
        .where(Employment.provider_id == own.provider_id, Person.id != engineer)
        .order_by(Person.name)
    )
    return sorted(session.execute(query), key=lambda one: one.team_id != own.team_id)
