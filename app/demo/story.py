"""What else is to be played through: cases that wait; work that waits, is noted, is given back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import roles
from app.models import Completion, CountedRating, Person, Rating, RatingDetail, Ticket
from app.services.cases import complaints, opening
from app.services.cases.complaints import Said
from app.services.cases.opening import Cause
from app.services.tickets import handing_over, lifecycle, notes, pauses

COMPLAINT = "等了两个小时才有人来，来了也没有说清楚原因。"
NOTED = "主板坏了，备件明早到；护士站先用隔壁的电脑。"


def tell(session: Session, *, at: datetime, zone: ZoneInfo) -> None:
    """The nurse complains, somebody was pressed; the engineer's work waits for a part; a colleague gives one back."""
    _complain(session, at=at)
    _press(session, at=at)
    engineer = session.scalars(select(Person.id).where(Person.staff_number == roles.ENGINEER.staff_number)).one()
    _wait(session, engineer, at=at, zone=zone)
    _decline(session, engineer, at=at)


def _complain(session: Session, *, at: datetime) -> None:
    """About the last of her tickets that was closed."""
    hers = select(Ticket.id, Person.id).join(Person, Person.id == Ticket.served_person_id)
    hers = hers.where(Person.staff_number == roles.NURSE.staff_number, Ticket.state == "closed")
    found = session.execute(hers.order_by(Ticket.finished_at.desc()).limit(1)).first()
    if found is not None:
        ticket, nurse = found
        held = lifecycle.locked(session, ticket_id=ticket)
        complaints.complain(session, held, Said(COMPLAINT, hidden=True), by=nurse, at=at, channel="wechat")


def _wait(session: Session, engineer: int, *, at: datetime, zone: ZoneInfo) -> None:
    led = select(Ticket.id).where(Ticket.lead_id == engineer, Ticket.state == "arrived")
    if (ticket := session.scalar(led.order_by(Ticket.id).limit(1))) is None:
        return
    held = lifecycle.locked(session, ticket_id=ticket)
    notes.add(session, held, NOTED, kind="noted", by=engineer, at=at, channel="wechat")
    until = at + timedelta(hours=pauses.LENGTHS[2])
    pauses.pause(session, held, reason="part", until=until, by=engineer, at=at, zone=zone, channel="wechat")
    if others := handing_over.colleagues(session, engineer, day=at.date()):
        handing_over.call_helper(session, held, helper=others[0].id, by=engineer, at=at, channel="wechat")


def _decline(session: Session, engineer: int, *, at: datetime) -> None:
    """A colleague's, not the engineer's whose phone is played."""
    given = select(Ticket.id, Ticket.lead_id).where(Ticket.lead_id != engineer, Ticket.state == "dispatched")
    found = session.execute(given.order_by(Ticket.id).limit(1)).first()
    if found is not None:
        held = lifecycle.locked(session, ticket_id=found.id)
        handing_over.decline(session, held, reason="busy", by=found.lead_id, at=at, channel="wechat")


def _press(session: Session, *, at: datetime) -> None:
    pressed = (
        select(Completion.ticket_id, Completion.cycle, Rating.id, CountedRating.person_id)
        .join(Rating, Rating.completion_id == Completion.id)
        .join(RatingDetail, RatingDetail.rating_id == Rating.id)
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .where(RatingDetail.pressed)
    )
    found = session.execute(pressed.order_by(Rating.at.desc()).limit(1)).first()
    if found is not None:
        opening.press(session, Cause("pressure", *found), by=found.person_id, at=at, channel="scan")
