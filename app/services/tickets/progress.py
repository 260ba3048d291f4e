"""A ticket's progress as the user may see it: which step was reached when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Employment, Event, Person, Post, Ticket
from app.models.kinds import PROVIDER_SEES_EVENTS
from app.services.organisation import portraits
from app.services.organisation.directory import current_employment
from app.services.service_levels import clock
from app.services.service_levels.clock import Mark
from app.services.tickets import pauses, urges
from app.services.tickets.pauses import Waiting

GIVEN_ANEW = ("dispatched", "handed_over", "declined")
STEPS = ("reported", "dispatched", "accepted", "arrived", "finished")


@dataclass(frozen=True)
class Step:
    state: str
    at: datetime | None


def steps(session: Session, ticket_id: int, *, cycle: int) -> list[Step]:
    """The steps of this cycle in order, with the time of the last such move; after a reopening it begins anew."""
    return steps_of(session, {ticket_id: cycle})[ticket_id]


def steps_of(session: Session, cycles: Mapping[int, int]) -> dict[int, list[Step]]:
    """The same for several tickets at once: their ids, each with its cycle."""
    reached: dict[int, dict[str, datetime]] = {ticket_id: {} for ticket_id in cycles}
    rows: Iterable[Any] = session.execute(
        select(Event.ticket_id, Event.cycle, Event.kind, Event.state, Event.at)
        .where(Event.ticket_id.in_(cycles), Event.state.is_not(None))
        .order_by(Event.at, Event.id)
    )
    for ticket_id, cycle, kind, state, at in rows:
        if cycle == cycles[ticket_id]:
            _reach(reached[ticket_id], kind, state, at)
    return {ticket_id: _in_order(moments, cycles[ticket_id]) for ticket_id, moments in reached.items()}


@dataclass(frozen=True)
class Coming:
    """What who waits wants to know: who comes, by when, what it waits for."""

    lead: str
    post: str
    portrait: bool
    mark: Mark | None
    """The arrival, or the solution once somebody is there or where nobody has to come."""
    waiting: Waiting | None
    answer_by: datetime | None
    """Of an urge that waits: when the hospital is told that nobody has answered."""


def coming(session: Session, ticket_id: int, *, zone: ZoneInfo, at: datetime) -> Coming:
    ticket = session.get_one(Ticket, ticket_id)
    job = select(Post.name).join(Employment, Employment.post_id == Post.id)
    post = job.where(Employment.id == current_employment(Person.id, at.date())).scalar_subquery()
    who = select(Person.id, Person.name, post.label("post")).where(Person.id == ticket.lead_id)
    lead = session.execute(who).first()
    clocks = clock.of_ticket(session, ticket, zone=zone, at=at)
    marks = {mark.name: mark for mark in clocks[0].marks} if clocks else {}
    arrival = marks.get("arrival")
    urged = urges.standing(session, tickets=[ticket_id]).get(ticket_id)
    return Coming(
        lead=lead.name if lead else "",
        post=(lead.post or "") if lead else "",
        portrait=lead is not None and bool(portraits.who_have_one(session, [lead.id])),
        mark=arrival if arrival and arrival.reached is None else marks.get("solution"),
        waiting=pauses.waiting(session, ticket, at=at),
        answer_by=urged + urges.WITHIN if urged else None,
    )


def last_event(session: Session, ticket_id: int) -> int:
    """The last thing that happened to it and that whoever has the code may know of: never that somebody rated."""
    seen = select(func.max(Event.id)).where(Event.ticket_id == ticket_id, Event.kind.in_(PROVIDER_SEES_EVENTS))
    return session.scalar(seen) or 0


def own_words(session: Session, ticket_id: int, *, person_id: int | None) -> str:
    """What was reported, for who reported it or was served, and nobody else who has the code."""
    ticket = session.get_one(Ticket, ticket_id)
    own = person_id is not None and person_id in {ticket.requester_id, ticket.served_person_id}
    return ticket.description if own else ""


def last_said(session: Session, ticket_id: int, kind: str, *, cycle: int) -> datetime | None:
    """When somebody last asked to hurry (`urged`), or said that it is still broken (`still_broken`)."""
    return session.scalar(
        select(func.max(Event.at)).where(Event.ticket_id == ticket_id, Event.cycle == cycle, Event.kind == kind)
    )


def _reach(reached: dict[str, datetime], kind: str, state: str, at: datetime) -> None:
    """Whoever is given a ticket anew begins anew: what the one before had reached is not reached any more."""
    if kind in GIVEN_ANEW:
        for later in ("dispatched", "accepted", "arrived"):
            reached.pop(later, None)
    if kind != "declined":
        reached[state] = at


def _in_order(reached: Mapping[str, datetime], cycle: int) -> list[Step]:
    first = "reopened" if cycle > 1 else "reported"
    return [Step(state, reached.get(state)) for state in (first, *STEPS[1:])]
