"""What else is to be played through: cases that wait; work that waits, is noted, is given back."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import roles
from app.models import Completion, CountedRating, DutyShift, Person, Rating, RatingDetail, Ticket
from app.models.duty import SHIFTS
from app.pagination import Line
from app.services.cases import complaints, opening
from app.services.cases.complaints import ComplaintForm
from app.services.cases.opening import Cause
from app.services.organisation import duty, duty_plan
from app.services.organisation.duty_plan import Planned
from app.services.tickets import handing_over, lifecycle, notes, pauses

COMPLAINT = "等了两个小时才有人来，来了也没有说清楚原因。"
DAYS_BACK, AWAY = 7, 41  # of the roster; and one shift of so many at which nobody came
NOTED = "主板坏了，备件明早到；护士站先用隔壁的电脑。"


def write(session: Session, *, at: datetime, zone: ZoneInfo) -> None:
    """The nurse complains, somebody was pressed; the engineer's work waits for a part; a colleague gives one back."""
    _complain(session, at=at)
    _press(session, at=at)
    engineer = session.scalars(select(Person.id).where(Person.staff_number == roles.ENGINEER.staff_number)).one()
    _wait(session, engineer, at=at, zone=zone)
    _decline(session, engineer, at=at)
    _urge(session, engineer, at=at)
    _roster(session, engineer, at=at.astimezone(zone))


def _complain(session: Session, *, at: datetime) -> None:
    """About the last of her tickets that was closed."""
    hers = select(Ticket.id, Person.id).join(Person, Person.id == Ticket.served_person_id)
    hers = hers.where(Person.staff_number == roles.NURSE.staff_number, Ticket.state == "closed")
    found = session.execute(hers.order_by(Ticket.finished_at.desc()).limit(1)).first()
    if found is not None:
        ticket, nurse = found
        held = lifecycle.locked(session, ticket_id=ticket)
        complaints.complain(session, held, ComplaintForm(COMPLAINT, hidden=True), by=nurse, at=at, channel="wechat")


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


def _urge(session: Session, engineer: int, *, at: datetime) -> None:
    """Who reported what the engineer is on the way to asks to hurry, and nobody has answered yet."""
    led = select(Ticket.id).where(Ticket.lead_id == engineer, Ticket.state == "accepted")
    if (ticket := session.scalar(led.order_by(Ticket.id).limit(1))) is not None:
        held = lifecycle.locked(session, ticket_id=ticket)
        lifecycle.urge(session, held, by=held.requester_id, at=at - timedelta(minutes=4), channel="scan")


def _roster(session: Session, engineer: int, *, at: datetime) -> None:
    """Two weeks of the provider's shifts and the supervisor's; one post is vacant, the engineer is here.

    Nearly everybody came on the days that are over, so that the sheet has something to count.
    """
    people = duty.people(session, day=at.date())
    by = next(one.id for one in people if one.staff_number == roles.SUPERVISOR.staff_number)
    days = [at.date() + timedelta(days=number) for number in range(-DAYS_BACK, 8)]
    plan = [one for number, person in enumerate(people) for one in _shifts(person, number, days)]
    cells = {(person.id, day) for person in people for day in days}
    duty_plan.replace(session, plan, cells, by=by, hospital=True, at=at)
    first = duty.window(days[0], SHIFTS[0], at)[0] - timedelta(days=1)
    for person in people:
        if person.post_id is not None:
            duty_plan.approve(session, person.id, person.post_id, by=by, at=first)
    for number, shift in enumerate(_over(session, at.date())):
        if number % AWAY:
            arrived = duty.window(shift.day, shift.shift, at)[0] - timedelta(minutes=number % 20)
            duty_plan.check_in(session, shift.person_id, at=arrived)
    for one in duty_plan.own_shifts(session, engineer, at=at, days=1)[:1]:
        duty_plan.ask_swap(session, _later(session, engineer, at), to=_other(people, engineer), by=engineer, at=at)
        if duty.window(one.day, one.shift, at)[0] <= at:
            duty_plan.check_in(session, engineer, at=at)


def _over(session: Session, today: date) -> Sequence[DutyShift]:
    """The provider's shifts of the days before this one."""
    past = select(DutyShift).where(DutyShift.day < today, DutyShift.post_id.is_not(None))
    return session.scalars(past.order_by(DutyShift.day, DutyShift.id)).all()


def _shifts(person: Line, number: int, days: Sequence[date]) -> Iterator[Planned]:
    """Five days a week from now on, most by day, some in the evening or at night; supervisors round the clock."""
    for offset, day in enumerate(days):
        if person.post_id is None:
            yield from (Planned(person.id, day, shift, None, None) for shift in SHIFTS)
        elif offset < DAYS_BACK or (number + offset) % 7 < 5:
            yield Planned(person.id, day, ("day", "day", *SHIFTS[1:])[number % 4], person.post_id, None)


def _later(session: Session, engineer: int, at: datetime) -> int:
    own = duty_plan.own_shifts(session, engineer, at=at)
    return next(one.id for one in own if duty.window(one.day, one.shift, at)[0] > at)


def _other(people: Sequence[Line], engineer: int) -> int:
    provider = next(one.provider_id for one in people if one.id == engineer)
    return next(int(one.id) for one in people if one.provider_id == provider and one.id != engineer)


def _decline(session: Session, engineer: int, *, at: datetime) -> None:
    """A colleague's, not the engineer's whose phone is played."""
    dispatched = select(Ticket.id, Ticket.lead_id).where(Ticket.lead_id != engineer, Ticket.state == "dispatched")
    found = session.execute(dispatched.order_by(Ticket.id).limit(1)).first()
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
