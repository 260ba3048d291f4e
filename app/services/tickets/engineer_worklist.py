"""What an engineer has to do, as shown to them: never whether or how it was rated."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Asset, Category, Completion, Department, Notice, Person, Place, Ticket, TicketAsset, TicketHelper
from app.models.ticket import AWAITING, OPEN_STATES
from app.services.service_levels import escalation
from app.services.tickets.pauses import ANSWERED

NEXT = {"dispatched": ("accept",), "accepted": ("arrive", "finish"), "arrived": ("finish",), "reopened": ("accept",)}
RECENT = 20


@dataclass(frozen=True)
class WorklistItem:
    ticket_id: int
    number: str
    state: str
    cycle: int
    priority: int
    description: str
    category: str
    department: str
    where: str
    asset: str
    requester: str
    telephone: str
    reported_at: datetime
    finished_at: datetime | None
    mine: bool
    offered: bool
    """Its lead has not opened it, and this engineer may take it over."""
    rateable: bool

    @property
    def awaits_rating(self) -> bool:
        """Its code, shown now, leads to the rating."""
        return self.rateable and self.state in {"finished", "closed"}

    @property
    def simple_acts(self) -> tuple[str, ...]:
        """Those that take one tap; finishing tells the user, so it asks first."""
        return tuple(act for act in self.next_acts if act != "finish")

    @property
    def finishable(self) -> bool:
        return "finish" in self.next_acts

    @property
    def on_site(self) -> bool:
        """Has said so; a fault that is mended from afar is finished without."""
        return self.state == "arrived"

    @property
    def declinable(self) -> bool:
        return self.mine and self.state in AWAITING

    @property
    def under_way(self) -> bool:
        """Theirs, answered and not finished: it can wait, be handed over, and somebody can help."""
        return self.mine and self.state in ANSWERED

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def next_acts(self) -> tuple[str, ...]:
        if self.offered:
            return ("take-over",)
        return NEXT.get(self.state, ()) if self.mine else ()


@dataclass(frozen=True)
class Worklist:
    open: list[WorklistItem]
    done: list[WorklistItem]


def for_engineer(session: Session, engineer: int, *only: Any, at: datetime) -> Worklist:
    """The engineer's open tickets, those they help with or may take over, most urgent first; the last finished ones."""
    led = Ticket.lead_id == engineer
    offered = escalation.offered(session, engineer, at=at)
    theirs = or_(led, _helps(engineer), Ticket.id.in_(offered))
    still_open = Ticket.state.in_(OPEN_STATES)
    open_ = _jobs(session, engineer, offered, theirs, still_open, *only, order=(Ticket.priority, Ticket.reported_at))
    return Worklist(open_, _done(session, engineer, *only))


def for_slip(session: Session, engineer: int, *, window: timedelta, at: datetime) -> Worklist:
    """Of these, the ones the engineer may give a slip for: already theirs, and the users can rate them."""
    work = for_engineer(session, engineer, Ticket.rateable, ~Ticket.finished_before(at - window), at=at)
    return Worklist([job for job in work.open if not job.offered], work.done)


def one(session: Session, number: str, *, engineer: int, at: datetime) -> WorklistItem:
    """A ticket the engineer leads, helps with or may take over; raises Missing, or Refused where it was theirs once."""
    offered = escalation.offered(session, engineer, at=at)
    theirs = or_(Ticket.lead_id == engineer, _helps(engineer), Ticket.id.in_(offered))
    found = _jobs(session, engineer, offered, Ticket.number == number, theirs, order=())
    if found:
        return found[0]
    if knows(session, number, engineer=engineer) is not None:
        raise Refused("no_longer_yours")
    raise Missing("no_such_ticket")


def knows(session: Session, number: str, *, engineer: int) -> int | None:
    """The ticket's id, if the engineer was ever told of it."""
    notified = select(Notice.ticket_id).join(Ticket, Ticket.id == Notice.ticket_id).where(Ticket.number == number)
    return session.scalar(notified.where(Notice.person_id == engineer).limit(1))


def _helps(engineer: int) -> Any:
    return Ticket.id.in_(select(TicketHelper.ticket_id).where(TicketHelper.person_id == engineer))


def _done(session: Session, engineer: int, *only: Any) -> list[WorklistItem]:
    """The last ones finished, whether led or helped with: asked one by one, as each has an index of its own."""
    done = (Ticket.state.in_(("finished", "closed")), Completion.id.is_not(None), *only)
    last = (Completion.finished_at.desc(), Ticket.id.desc())
    led = (Completion.lead_id == engineer, Ticket.lead_id == engineer)
    both = [
        job for way in (led, (_helps(engineer),)) for job in _jobs(session, engineer, set(), *way, *done, order=last)
    ]
    return sorted(both, key=lambda job: (job.finished_at or job.reported_at, job.ticket_id), reverse=True)[:RECENT]


def _jobs(
    session: Session, engineer: int, offered: set[int], *conditions: Any, order: tuple[Any, ...]
) -> list[WorklistItem]:
    query: Any = (
        select(Ticket, Completion.finished_at, Category.name, Department, Place, Asset, Person)
        .outerjoin(Completion, (Completion.ticket_id == Ticket.id) & (Completion.cycle == Ticket.cycle))
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id)
        .outerjoin(Asset, Asset.id == TicketAsset.asset_id)
        .outerjoin(Person, Person.id == Ticket.requester_id)
        .where(*conditions)
        .order_by(*order)
        .limit(RECENT)
    )
    return [_job(row, engineer=engineer, offered=offered) for row in session.execute(query)]


def _job(row: Any, *, engineer: int, offered: set[int]) -> WorklistItem:
    ticket, finished_at, category, department, place, asset, requester = row
    spot = place or department
    return WorklistItem(
        ticket_id=ticket.id,
        number=ticket.number,
        state=ticket.state,
        cycle=ticket.cycle,
        priority=ticket.priority,
        description=ticket.description,
        category=category or "",
        department=department.name if department else "",
        where=" ".join(filter(None, [spot.building, spot.floor, spot.room])) if spot else "",
        asset=f"{asset.name} {asset.tag}" if asset else "",
        requester=requester.name if requester else "",
        telephone=requester.telephone if requester else "",
        reported_at=ticket.reported_at,
        finished_at=finished_at,
        mine=ticket.lead_id == engineer,
        offered=ticket.id in offered,
        rateable=ticket.rateable,
    )
