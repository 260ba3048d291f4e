"""A ticket's life: reported, dispatched, accepted, arrived, finished, closed; cancelled, reopened, urged.

Every function takes the session first, then who (`by`), when (`at`) and through which channel; it writes the
change, its event and the notices it causes into the caller's transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import upsert
from app.errors import Missing, Refused
from app.models import Counter, Event, Person, RoleGrant, Ticket, TicketHelper
from app.models.kinds import EVENTS
from app.models.ticket import MOVES, OPEN_STATES
from app.services import events
from app.services.events import Recorded
from app.services.notices import inbox, outbox
from app.services.organisation import employment as people
from app.services.service_levels import clock, escalation
from app.services.tickets import completions, following

URGE_PAUSE = timedelta(minutes=10)
SUPERVISORS = frozenset({"supervisor", "admin"})
BEGUN = ("accepted", "arrived", "finished")


@dataclass(frozen=True)
class NewTicket:
    """What is told when a fault is reported. Without a served person or department nobody can rate it."""

    source: str
    description: str
    category_id: int | None
    priority: int = 3
    requester_id: int | None = None
    served_person_id: int | None = None
    served_department_id: int | None = None
    department_id: int | None = None
    place_id: int | None = None
    location: str = ""


def report(session: Session, new: NewTicket, *, by: int | None, at: datetime, zone: ZoneInfo, channel: str) -> Ticket:
    """Open a ticket and give it its number (hospital's date and a running number of that day).

    For nobody who has left: their phone is still bound, and may be in the provider's hands by now (law 4). Raises
    Refused.
    """
    served = select(Person.id).where(Person.id == new.served_person_id, people.works(Person.id, at.date()))
    if new.served_person_id is not None and session.scalar(served) is None:
        raise Refused("served_has_left")
    ticket = Ticket(
        number=next_number(session, at.astimezone(zone).strftime("%Y%m%d")),
        state="reported",
        cycle=1,
        reported_at=at,
        updated_at=at,
        **vars(new),
    )
    session.add(ticket)
    session.flush()
    events.append(session, ticket, "reported", by=by, at=at, channel=channel)
    ticket.due_at = clock.solution_due(session, ticket, zone=zone)
    return ticket


def dispatch(
    session: Session,
    ticket: Ticket,
    *,
    to: int,
    helpers: Iterable[int] = (),
    by: int,
    at: datetime,
    channel: str,
) -> Recorded:
    """Give the ticket to a lead engineer (and helpers); the lead is told, and so is whoever had it before."""
    event = give(session, ticket, to=to, helpers=helpers, by=by, at=at, channel=channel)
    outbox.add(session, "dispatched", event, to=to, at=at)
    return event


def take_over(session: Session, ticket: Ticket, *, by: int, at: datetime, channel: str) -> Recorded:
    """The backup takes what the lead has not opened in time: a dispatch to themselves, accepted with the same tap."""
    if ticket.id not in escalation.offered(session, by, at=at):
        raise Refused("not_offered")
    helped = select(TicketHelper.person_id).where(TicketHelper.ticket_id == ticket.id)
    helpers = session.scalars(helped.where(people.works(TicketHelper.person_id, at.date()))).all()
    mark_opened(session, ticket, by=by, at=at, channel=channel)
    give(session, ticket, to=by, helpers=helpers, by=by, at=at, channel=channel)
    return accept(session, ticket, by=by, at=at, channel=channel)


def mark_opened(session: Session, ticket: Ticket, *, by: int, at: datetime, channel: str) -> None:
    """An engineer looks at the ticket: each dispatch is opened once."""
    if inbox.open_ticket(session, ticket.id, person_id=by, at=at):
        events.append(session, ticket, "opened", by=by, at=at, channel=channel)


def give(
    session: Session,
    ticket: Ticket,
    *,
    to: int,
    helpers: Iterable[int],
    by: int,
    at: datetime,
    channel: str,
    kind: str = "dispatched",
) -> Recorded:
    """The ticket is that engineer's and theirs who help; whoever had it is told, and nobody else."""
    engineers = {to, *helpers}
    only_engineers(session, engineers, day=at.date())
    employment = people.employment_at(session, to, at.date())
    former = ticket.lead_id
    ticket.lead_id = to
    ticket.team_id = employment.team_id if employment else None
    session.execute(delete(TicketHelper).where(TicketHelper.ticket_id == ticket.id))
    session.add_all(TicketHelper(ticket_id=ticket.id, person_id=helper) for helper in engineers - {to})
    data = {"lead": to, "helpers": sorted(engineers - {to})}
    event = move(session, ticket, kind, by=by, at=at, channel=channel, data=data)
    if former is not None and former not in {by, *engineers}:
        outbox.add(session, "reassigned", event, to=former, at=at)
    return event


def only_engineers(session: Session, ids: set[int], *, day: date) -> None:
    """Raises Refused if one of them is none, or does not work that day."""
    works = people.works(RoleGrant.person_id, day)
    found = select(RoleGrant.person_id).where(RoleGrant.person_id.in_(ids), RoleGrant.role == "engineer", works)
    if set(session.scalars(found)) != ids:
        raise Refused("not_an_engineer")


def accept(
    session: Session, ticket: Ticket, *, by: int, at: datetime, channel: str, recorded_at: datetime | None = None
) -> Recorded:
    """`recorded_at` is now, here and below, where the tap lies back: it waited on the phone for a network."""
    only_lead(ticket, by)
    mark_opened(session, ticket, by=by, at=at, channel=channel)
    return move(session, ticket, "accepted", by=by, at=at, channel=channel, recorded_at=recorded_at)


def arrive(
    session: Session,
    ticket: Ticket,
    *,
    by: int,
    at: datetime,
    channel: str,
    proof: dict[str, Any] | None = None,
    recorded_at: datetime | None = None,
) -> Recorded:
    """`proof` says which label was scanned there; without it the time alone stands for it."""
    only_lead(ticket, by)
    return move(session, ticket, "arrived", by=by, at=at, channel=channel, data=proof, recorded_at=recorded_at)


def finish(
    session: Session,
    ticket: Ticket,
    *,
    by: int,
    at: datetime,
    channel: str,
    found: dict[str, Any] | None = None,
    recorded_at: datetime | None = None,
) -> Recorded:
    """The work is done: fix the attribution and tell the user once, with the way to the code. `found`: `findings`."""
    only_lead(ticket, by)
    event = move(
        session, ticket, "finished", by=by, at=at, channel=channel, data=found or None, recorded_at=recorded_at
    )
    ticket.finished_at = at
    completions.complete(session, ticket, at=at)
    user = ticket.served_person_id or ticket.requester_id
    if ticket.rateable and user is not None:
        outbox.add(session, "finished", event, to=user, at=recorded_at or at)
    return event


def is_repeat(ticket: Ticket, act: str, *, by: int) -> bool:
    """Whether this engineer's tap came twice: the lift had no signal, the answer was lost, the thumb was quick."""
    reached = {
        "accept": ("accepted", "arrived", "finished"),
        "arrive": ("arrived", "finished"),
        "finish": ("finished",),
        "take-over": ("accepted", "arrived", "finished"),
    }
    return ticket.lead_id == by and ticket.state in reached.get(act, ())


def close(session: Session, ticket: Ticket, *, by: int, at: datetime, channel: str) -> Recorded:
    event = move(session, ticket, "closed", by=by, at=at, channel=channel)
    ticket.closed_at = at
    return event


def cancel(session: Session, ticket: Ticket, *, by: int | None, at: datetime, channel: str) -> Recorded:
    roles = people.roles_at(session, by, at.date()) if by is not None else frozenset[str]()
    if not may_cancel(session, ticket, roles):
        raise Refused("cancel_needs_supervisor")
    return move(session, ticket, "cancelled", by=by, at=at, channel=channel)


def may_cancel(session: Session, ticket: Ticket, roles: frozenset[str]) -> bool:
    """Whoever has these roles. Once work has begun only the hospital: a cancelled ticket is never rated."""
    if roles & SUPERVISORS:
        return True
    begun = select(Event.id).where(Event.ticket_id == ticket.id, Event.state.in_(BEGUN)).limit(1)
    return ticket.cycle == 1 and session.scalar(begun) is None


def reopen(session: Session, ticket: Ticket, *, by: int | None, at: datetime, zone: ZoneInfo, channel: str) -> Recorded:
    """Still broken: a new cycle begins, the engineer who had it is told."""
    event = move(session, ticket, "reopened", by=by, at=at, channel=channel)
    ticket.finished_at = ticket.closed_at = None
    ticket.due_at = clock.solution_due(session, ticket, zone=zone)
    if ticket.lead_id is not None:
        outbox.add(session, "reopened", event, to=ticket.lead_id, at=at)
    return event


def urge(
    session: Session, ticket: Ticket, *, by: int | None, at: datetime, channel: str, rings: bool = True
) -> Recorded:
    """The user asks to hurry; once in ten minutes, so that a nervous thumb does not ring twenty times."""
    if ticket.state not in OPEN_STATES:
        raise Refused("not_open", state=ticket.state)
    return _remind(session, ticket, "urged", by=by, at=at, channel=channel, rings=rings)


def say_still_broken(session: Session, ticket: Ticket, *, at: datetime, channel: str) -> Recorded:
    """Somebody not known says it is still broken: written down, and shown to the desk among what such people say.

    It does not reopen: whoever finds a slip could otherwise close the rating of the one who was served.
    """
    return _remind(session, ticket, "still_broken", by=None, at=at, channel=channel, rings=False)


def quiet_until(session: Session, ticket_id: int, kind: str, *, at: datetime) -> datetime | None:
    """When it may be said again to who waits (`urged`, `still_broken`); None for at once."""
    last = session.scalar(select(func.max(Event.at)).where(Event.ticket_id == ticket_id, Event.kind == kind))
    return last + URGE_PAUSE if last is not None and at - last < URGE_PAUSE else None


def _remind(
    session: Session, ticket: Ticket, kind: str, *, by: int | None, at: datetime, channel: str, rings: bool
) -> Recorded:
    if quiet_until(session, ticket.id, kind, at=at) is not None:
        raise Refused("urged_just_now")
    event = events.append(session, ticket, kind, by=by, at=at, channel=channel)
    if rings and ticket.lead_id is not None:
        outbox.add(session, "urged", event, to=ticket.lead_id, at=at)
    return event


def locked(session: Session, *, ticket_id: int | None = None, number: str | None = None) -> Ticket:
    """The ticket, held against other writers until the transaction ends; raises Missing."""
    which = Ticket.id == ticket_id if number is None else Ticket.number == number
    ticket = session.scalar(select(Ticket).where(which).with_for_update())
    if ticket is None:
        raise Missing("no_such_ticket")
    return ticket


def move(
    session: Session,
    ticket: Ticket,
    kind: str,
    *,
    by: int | None,
    at: datetime,
    channel: str,
    data: dict[str, Any] | None = None,
    recorded_at: datetime | None = None,
) -> Recorded:
    """An event of a kind that moves the ticket, if it may come to that state from where it stands."""
    to = EVENTS[kind].leaves
    if to is None or to not in MOVES[ticket.state]:
        raise Refused("move_not_allowed", state=ticket.state, to=to)
    if to == "reopened":
        ticket.cycle += 1
    ticket.state = to
    ticket.updated_at = at
    event = events.append(session, ticket, kind, by=by, at=at, channel=channel, data=data, recorded_at=recorded_at)
    following.follow(session, ticket, by=by, at=at)
    return event


def only_lead(ticket: Ticket, by: int) -> None:
    if ticket.lead_id != by:
        raise Refused("not_your_ticket")


def only_who_works_on(session: Session, ticket: Ticket, by: int) -> None:
    """The lead and the helpers; raises Refused for others."""
    if ticket.lead_id != by and session.get(TicketHelper, (ticket.id, by)) is None:
        raise Refused("not_your_ticket")


def next_number(session: Session, day: str) -> str:
    """Of the hospital's day, and a running number of that day."""
    value = session.scalar(
        upsert(session, Counter)
        .values(name=f"ticket:{day}", value=1)
        .on_conflict_do_update(index_elements=["name"], set_={"value": Counter.value + 1})
        .returning(Counter.value)
    )
    return f"{day}-{value:04d}"
