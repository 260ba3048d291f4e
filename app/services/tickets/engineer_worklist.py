"""What an engineer has to do, as shown to them: never whether or how it was rated."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing, Refused
from app.models import (
    Asset,
    Campus,
    Category,
    Completion,
    Department,
    Notice,
    Person,
    Place,
    Ticket,
    TicketAsset,
    TicketHelper,
)
from app.models.ticket import AWAITING, OPEN_STATES
from app.services.service_levels import clock, escalation
from app.services.service_levels.clock import Mark, Urgency
from app.services.tickets import urges
from app.services.tickets.pauses import ANSWERED

NEXT = {"dispatched": ("accept",), "accepted": ("arrive", "finish"), "arrived": ("finish",), "reopened": ("accept",)}
# All that is still to be done, for where no answer comes between one tap and the next.
REMAINING = {
    "dispatched": ("accept", "arrive", "finish"),
    "reopened": ("accept", "arrive", "finish"),
    "accepted": ("arrive", "finish"),
    "arrived": ("finish",),
}
RECENT = 20
PRESSING = 2
OPEN = 200  # more than anybody has at once; none of them may be missing


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
    leads: bool
    offered: bool
    """Its lead has not opened it, and this engineer may take it over."""
    rateable: bool
    urged_at: datetime | None = None
    """Somebody waits for an answer since then."""
    solution: Mark | None = None
    category_id: int | None = None
    department_code: str | None = None
    campus_code: str | None = None
    ward_telephone: str = ""

    @property
    def left(self) -> timedelta | None:
        """Of the time for the solution; below zero it is over."""
        return self.solution.left if self.solution else None

    @property
    def waits_for(self) -> str:
        return self.solution.waits_for if self.solution else ""

    @property
    def urgency(self) -> Urgency:
        return clock.urgency(self.left)

    @property
    def pressing(self) -> bool:
        """特急 or 紧急, and not yet done."""
        return self.open and self.priority <= PRESSING

    @property
    def id(self) -> int:
        """As a row of the clock has it."""
        return self.ticket_id

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
        return self.leads and self.state in AWAITING

    @property
    def under_way(self) -> bool:
        """Theirs, answered and not finished: it can wait, be handed over, and somebody can help."""
        return self.leads and self.state in ANSWERED

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def remaining(self) -> tuple[str, ...]:
        return self.next_acts if self.offered or not self.leads else REMAINING.get(self.state, ())

    @property
    def next_acts(self) -> tuple[str, ...]:
        if self.offered:
            return ("take-over",)
        return NEXT.get(self.state, ()) if self.leads else ()


@dataclass(frozen=True)
class Worklist:
    open: list[WorklistItem]
    finished: list[WorklistItem]


def for_engineer(session: Session, engineer: int, *only: Any, at: datetime, zone: ZoneInfo) -> Worklist:
    """The engineer's open tickets, those they help with or may take over, by the time they have left; the last
    finished ones. What somebody urges comes first.
    """
    led = Ticket.lead_id == engineer
    offered = escalation.offered(session, engineer, at=at)
    theirs = or_(led, _helps(engineer), Ticket.id.in_(offered))
    still_open = Ticket.state.in_(OPEN_STATES)
    by_age = (Ticket.priority, Ticket.reported_at)
    open_ = _jobs(session, engineer, offered, theirs, still_open, *only, order=by_age, most=OPEN)
    by_need = sorted(timed(session, open_, zone=zone, at=at), key=_by_need)
    return Worklist(by_need, _finished(session, engineer, *only))


def timed(session: Session, jobs: list[WorklistItem], *, zone: ZoneInfo, at: datetime) -> list[WorklistItem]:
    """Each with how much time is left for it."""
    rows: Any = jobs
    marks = clock.marks(session, rows, "solution", zone=zone, at=at)
    return [replace(job, solution=marks[job.ticket_id]["solution"] if job.ticket_id in marks else None) for job in jobs]


def _by_need(job: WorklistItem) -> tuple[bool, timedelta, int]:
    return job.urged_at is None, timedelta.max if job.left is None else job.left, job.priority


def for_slip(session: Session, engineer: int, *, window: timedelta, at: datetime, zone: ZoneInfo) -> Worklist:
    """Of these, the ones the engineer may give a slip for: already theirs, and the users can rate them."""
    work = for_engineer(session, engineer, Ticket.rateable, ~Ticket.finished_before(at - window), at=at, zone=zone)
    return Worklist([job for job in work.open if not job.offered], work.finished)


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


def _finished(session: Session, engineer: int, *only: Any) -> list[WorklistItem]:
    """The last ones finished, whether led or helped with: asked one by one, as each has an index of its own."""
    done = (Ticket.state.in_(("finished", "closed")), Completion.id.is_not(None), *only)
    last = (Completion.finished_at.desc(), Ticket.id.desc())
    led = (Completion.lead_id == engineer, Ticket.lead_id == engineer)
    both = [
        job for way in (led, (_helps(engineer),)) for job in _jobs(session, engineer, set(), *way, *done, order=last)
    ]
    return sorted(both, key=lambda job: (job.finished_at or job.reported_at, job.ticket_id), reverse=True)[:RECENT]


def _jobs(
    session: Session, engineer: int, offered: set[int], *conditions: Any, order: tuple[Any, ...], most: int = RECENT
) -> list[WorklistItem]:
    query: Any = (
        select(
            Ticket,
            Completion.finished_at,
            Category.name,
            Department,
            Place,
            Asset,
            Person,
            Campus.code,
            _ward_telephone(),
        )
        .outerjoin(Completion, (Completion.ticket_id == Ticket.id) & (Completion.cycle == Ticket.cycle))
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Campus, Campus.id == Department.campus_id)
        .outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id)
        .outerjoin(Asset, Asset.id == TicketAsset.asset_id)
        .outerjoin(Person, Person.id == Ticket.requester_id)
        .where(*conditions)
        .order_by(*order)
        .limit(most)
    )
    rows = session.execute(query).all()
    urged = urges.standing(session, tickets=[row[0].id for row in rows])
    return [_job(row, engineer=engineer, offered=offered, urged_at=urged.get(row[0].id)) for row in rows]


def _ward_telephone() -> Any:
    """Of the first room of the department that has one, as its nurses' station."""
    room = aliased(Place)
    query = select(room.telephone).where(room.department_id == Ticket.department_id, room.telephone != "")
    return query.order_by(room.id).limit(1).correlate(Ticket).scalar_subquery()


def _job(row: Any, *, engineer: int, offered: set[int], urged_at: datetime | None) -> WorklistItem:
    ticket, finished_at, category, department, place, asset, requester, campus_code, ward_telephone = row
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
        leads=ticket.lead_id == engineer,
        offered=ticket.id in offered,
        rateable=ticket.rateable,
        urged_at=urged_at,
        category_id=ticket.category_id,
        department_code=department.code if department else None,
        campus_code=campus_code,
        ward_telephone=(place.telephone if place else "") or ward_telephone or "",
    )
