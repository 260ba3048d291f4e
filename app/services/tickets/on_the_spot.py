"""While the engineer is there: what is mended unasked where they stand, told by a scan and a category.

The department of the label is who was served, so whoever works there may rate; the engineer chooses nobody. How much of
an engineer's work came about so is shown to them and to the hospital.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import HELD
from app.errors import Refused
from app.models import Category, Completion, Event, Person, Ticket, TicketAsset
from app.services.organisation import catalogue
from app.services.organisation.assets import LabelTarget
from app.services.tickets import arrivals, lifecycle

TWICE = timedelta(minutes=5)


@dataclass(frozen=True)
class Mended:
    """Where, and what it was."""

    here: LabelTarget
    category_id: int | None
    words: str = ""


@dataclass(frozen=True)
class Share:
    """Of an engineer's completions, those that began with their own report."""

    own: int
    total: int

    @property
    def percent(self) -> int:
        return round(100 * self.own / self.total) if self.total else 0


def mend(session: Session, mended: Mended, *, by: int, at: datetime, zone: ZoneInfo, channel: str) -> Ticket:
    """Reported, taken, proved by the label and finished with one tap; a second tap finds the first. Raises Refused."""
    here = mended.here
    if here.retired or here.department_id is None:
        raise Refused("spot_of_no_ward")
    if not catalogue.can_be_chosen(session, Category, mended.category_id):
        raise Refused("spot_needs_category")
    session.get_one(Person, by, with_for_update=HELD)  # two taps at once come one after the other
    before: Ticket | None = session.scalar(_just_now(mended, by, at))
    if before is not None:
        return before
    new = lifecycle.NewTicket(
        source="walk_in",
        description=mended.words,
        category_id=mended.category_id,
        served_department_id=here.department_id,
        department_id=here.department_id,
        place_id=here.place_id,
    )
    who: Mapping[str, Any] = {"by": by, "at": at, "channel": channel}
    ticket = lifecycle.report(session, new, zone=zone, **who)
    if here.kind == "asset":
        session.add(TicketAsset(ticket_id=ticket.id, asset_id=here.id))
        session.flush()
    lifecycle.give(session, ticket, to=by, helpers=(), **who)
    lifecycle.accept(session, ticket, **who)
    lifecycle.arrive(session, ticket, proof=arrivals.proof(session, ticket, here), **who)
    lifecycle.finish(session, ticket, found={"remote": False}, **who)
    return ticket


def share(session: Session, engineer: int, *, since: datetime, until: datetime) -> Share:
    """Of what they finished then."""
    reported = select(Event.id).where(
        Event.ticket_id == Completion.ticket_id, Event.kind == "reported", Event.actor_id == engineer
    )
    query = select(func.count(), func.count().filter(reported.exists())).select_from(Completion)
    query = query.where(Completion.lead_id == engineer, Completion.finished_at >= since, Completion.finished_at < until)
    done, own = session.execute(query).one()
    return Share(own, done)


def _just_now(mended: Mended, by: int, at: datetime) -> Any:
    here = mended.here
    query = select(Ticket).outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id)
    return query.where(
        Ticket.lead_id == by,
        Ticket.reported_at > at - TWICE,
        Ticket.source == "walk_in",
        Ticket.category_id == mended.category_id,
        Ticket.description == mended.words,
        Ticket.place_id.is_not_distinct_from(here.place_id),
        TicketAsset.asset_id.is_not_distinct_from(here.id if here.kind == "asset" else None),
    ).limit(1)
