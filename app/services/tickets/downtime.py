"""When the system was away: numbered forms on paper, taken in afterwards with their true times, as late records.

Every event says when it happened and when it was written down, and comes by the channel `downtime`: what counts whether
nodes are recorded in time leaves it out. Whoever took a form in does not check it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import upsert
from app.errors import Missing, Refused
from app.models import Counter, Department, DowntimeForm, Person, RoleGrant, Ticket
from app.pagination import Line
from app.services import events
from app.services.organisation import employment as people
from app.services.service_levels import clock
from app.services.tickets import completions, lifecycle

CHANNEL = "downtime"
OLDEST = timedelta(days=31)
MOST = 1_000  # forms of a pack
LISTED = 100  # are shown
DESCRIPTION_MOST = 2_000
STEPS = ("reported", "dispatched", "accepted", "arrived", "finished")
# The columns of a file and the fields of the page, by the names people read on the form.
COLUMNS = {
    "number": "表号",
    "department": "科室代码",
    "requester": "报修人工号",
    "description": "说明",
    "engineer": "工程师工号",
    "reported": "报修时间",
    "dispatched": "派单时间",
    "accepted": "接单时间",
    "arrived": "到场时间",
    "finished": "完成时间",
}


@dataclass(frozen=True)
class Form:
    """What stands on a form; a step nobody wrote a time for did not happen."""

    number: int
    department: str
    requester: str
    description: str
    engineer: str
    times: Mapping[str, datetime]


def name(number: int) -> str:
    return f"T-{number:05d}"


def reserve(session: Session, count: int) -> range:
    """The numbers of the next pack: no two packs share one."""
    last = session.scalar(
        upsert(session, Counter)
        .values(name="downtime", value=count)
        .on_conflict_do_update(index_elements=["name"], set_={"value": Counter.value + count})
        .returning(Counter.value)
    )
    return range((last or count) - count + 1, (last or count) + 1)


def read(typed: Mapping[str, str], *, zone: ZoneInfo) -> Form:
    """Raises Refused that names the field."""
    digits = typed.get("number", "").strip().upper().removeprefix("T").lstrip("-").strip()
    if not digits.isdecimal() or len(digits) > 9:
        raise Refused("downtime_field", field=COLUMNS["number"])
    times = {step: moment for step in STEPS if (moment := _moment(typed.get(step, ""), step, zone))}
    words = {field: typed.get(field, "").strip() for field in ("department", "requester", "description", "engineer")}
    if not words["description"] or len(words["description"]) > DESCRIPTION_MOST:
        raise Refused("downtime_field", field=COLUMNS["description"])
    return Form(int(digits), times=times, **words)


def enter(session: Session, form: Form, *, by: int | None, at: datetime, zone: ZoneInfo) -> Ticket:
    """Take a form in, once; what is not finished goes on as any other ticket. Raises Refused."""
    if not 1 <= form.number <= (session.scalar(select(Counter.value).where(Counter.name == "downtime")) or 0):
        raise Refused("downtime_field", field=COLUMNS["number"])
    if session.get(DowntimeForm, form.number) is not None:
        raise Refused("downtime_entered", form=name(form.number))
    _check_times(form, at)
    ticket = _open(session, form, at=at, zone=zone)
    session.add(DowntimeForm(number=form.number, ticket_id=ticket.id, entered_by_id=by, entered_at=at))
    for step in STEPS:
        if step in form.times:
            _step(session, ticket, step, form.times[step], by=by, at=at)
    if ticket.state != "finished":
        ticket.due_at = clock.solution_due(session, ticket, zone=zone)
    return ticket


def check(session: Session, number: int, *, by: int, at: datetime) -> None:
    """Somebody else has held the paper against it. Raises Refused."""
    form = session.get(DowntimeForm, number, with_for_update=True)
    if form is None:
        raise Missing("no_such_downtime_form")
    if form.entered_by_id == by:
        raise Refused("downtime_check_by_another")
    if form.checked_at is None:
        form.checked_by_id, form.checked_at = by, at
        ticket = session.get_one(Ticket, form.ticket_id)
        data = {"form": number}
        events.append(session, ticket, "downtime_checked", by=by, at=at, channel="console", data=data)


def listed(session: Session, *, most: int) -> Sequence[Line]:
    """The last forms that were taken in, those nobody has checked first."""
    query = (
        select(DowntimeForm, Ticket.number.label("ticket"), Ticket.state, Person.name.label("by"))
        .join(Ticket, Ticket.id == DowntimeForm.ticket_id)
        .outerjoin(Person, Person.id == DowntimeForm.entered_by_id)
        .order_by(DowntimeForm.checked_at.is_not(None), DowntimeForm.number.desc())
    )
    return session.execute(query.limit(most)).all()


def _check_times(form: Form, at: datetime) -> None:
    found = [form.times[step] for step in STEPS if step in form.times]
    wrong = "reported" not in form.times or sorted(found) != found or found[-1] > at or found[0] < at - OLDEST
    if wrong or ("finished" in form.times and not form.engineer):
        raise Refused("downtime_times")


def _open(session: Session, form: Form, *, at: datetime, zone: ZoneInfo) -> Ticket:
    requester = _person(session, form.requester, "requester", at.date()) if form.requester else None
    department = select(Department.id).where(Department.code == form.department)
    department_id = session.scalar(department) if form.department else None
    if form.department and department_id is None:
        raise Refused("downtime_field", field=COLUMNS["department"])
    if requester is not None and people.of_the_provider(session, requester, at.date()):
        raise Refused("provider_staff")
    lead = _person(session, form.engineer, "engineer", at.date(), engineer=True) if form.engineer else None
    employment = people.employment_at(session, lead, at.date()) if lead is not None else None
    if department_id is None and requester is not None:
        own = people.employment_at(session, requester, at.date())
        department_id = own.department_id if own else None
    ticket = Ticket(
        number=lifecycle.next_number(session, form.times["reported"].astimezone(zone).strftime("%Y%m%d")),
        source="phone",
        requester_id=requester,
        served_person_id=requester,
        served_department_id=None if requester is not None else department_id,
        department_id=department_id,
        description=form.description,
        state="reported",
        reported_at=form.times["reported"],
        updated_at=at,
        lead_id=lead if len(form.times) > 1 else None,
        team_id=employment.team_id if employment and len(form.times) > 1 else None,
    )
    session.add(ticket)
    session.flush()
    return ticket


def _step(session: Session, ticket: Ticket, step: str, moment: datetime, *, by: int | None, at: datetime) -> None:
    ticket.state = step
    data = {"lead": ticket.lead_id, "helpers": list[int]()} if step == "dispatched" and ticket.lead_id else None
    events.append(session, ticket, step, by=by, at=moment, channel=CHANNEL, data=data, recorded_at=at)
    if step == "finished":
        ticket.finished_at = moment
        completions.complete(session, ticket, at=moment)


def _person(session: Session, number: str, field: str, day: date, *, engineer: bool = False) -> int:
    person = people.by_staff_number(session, number)
    grant = select(RoleGrant.person_id).where(RoleGrant.role == "engineer", people.works(RoleGrant.person_id, day))
    if person is None or (engineer and session.scalar(grant.where(RoleGrant.person_id == person.id)) is None):
        raise Refused("downtime_field", field=COLUMNS[field])
    return person.id


def _moment(text: str, step: str, zone: ZoneInfo) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip().replace(" ", "T")).replace(tzinfo=zone)
    except ValueError as error:
        raise Refused("downtime_field", field=COLUMNS[step]) from error


def lines() -> Iterator[str]:
    """What is written by hand on a form, in order."""
    yield from ("科室", "报修人（姓名、工号）", "电话", "位置", "说明", "", "工程师（姓名、工号）")
    yield from (f"{COLUMNS[step]}（年月日 时:分）" for step in STEPS)
    yield "填表人签名"
