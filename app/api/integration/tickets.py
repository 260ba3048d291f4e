"""Other systems open tickets, follow them, and raise alarms; what happens goes out to them as webhooks."""

from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.api.integration import models
from app.api.operations import get, post_once
from app.errors import Missing, Refused
from app.http import bearer
from app.http.context import now, read_session, runtime
from app.models import Category, Department, Place, Ticket
from app.models.ticket import STATES
from app.pagination import Cursor, newest_first
from app.services.integrations import alarms
from app.services.organisation import employment as people
from app.services.tickets import corrections, lifecycle

CHANNEL = "api"
READ, WRITE, ALARMS = "tickets:read", "tickets:write", "alarms:write"


@get("/integration/tickets", models.SystemTickets, "bad_filter", scope=READ)
def integration_tickets() -> models.SystemTickets:
    """Tickets by the time they were reported, newest first: `state`, `after`."""
    state, after = request.args.get("state", ""), request.args.get("after", "")
    cursor = Cursor.read(after)
    if (state and state not in STATES) or (after and cursor is None):
        raise Refused("bad_filter", name="state" if state and state not in STATES else "after")
    query = _found()
    if state:
        query = query.where(Ticket.state == state)
    with read_session() as db:
        page = newest_first(db, query, Ticket.reported_at, Ticket.id, after=cursor)
    found = [_response(row.Ticket, row.category, row.department) for row in page.rows]
    return models.SystemTickets(tickets=found, after=str(page.after) if page.after else None)


@get("/integration/tickets/<ticket:number>", models.SystemTicket, "no_such_ticket", scope=READ)
def integration_ticket(number: str) -> models.SystemTicket:
    """One ticket."""
    with read_session() as db:
        return _one(db, number)


@post_once(
    "/integration/tickets",
    models.SystemReport,
    {201: models.SystemTicket},
    *("unknown_code", "provider_staff"),
    scope=WRITE,
)
def integration_report(db: Session, body: models.SystemReport) -> models.SystemTicket:
    """Open a ticket. The requester is served and may rate; without one the department is, at an inspection nobody."""
    facts = _facts(db, body)
    if body.requester is not None:
        person = people.by_staff_number(db, body.requester)
        if person is None:
            raise Refused("unknown_code", field="requester")
        if people.of_the_provider(db, person.id, now().date()):
            raise Refused("provider_staff")
        employment = people.employment_at(db, person.id, now().date())
        facts["department_id"] = facts["department_id"] or (employment.department_id if employment else None)
        facts |= {"requester_id": person.id, "served_person_id": person.id}
    elif body.source != "inspection":
        facts["served_department_id"] = facts["department_id"]
    new = lifecycle.NewTicket(source=body.source, **facts)
    zone = runtime().settings.timezone
    ticket = lifecycle.report(db, new, by=None, at=now(), zone=zone, channel=CHANNEL)
    return _one(db, ticket.number)


@post_once(
    "/integration/tickets/<ticket:number>/urge",
    models.SystemAct,
    {200: models.SystemTicket},
    *("no_such_ticket", "not_open", "urged_just_now"),
    scope=WRITE,
)
def integration_urge(db: Session, body: models.SystemAct, number: str) -> models.SystemTicket:
    """Ask to hurry; once in ten minutes."""
    ticket = lifecycle.locked(db, number=number)
    lifecycle.urge(db, ticket, by=None, at=now(), channel=CHANNEL)
    return _one(db, number)


@post_once(
    "/integration/tickets/<ticket:number>/correct",
    models.SystemCorrection,
    {200: models.SystemTicket},
    *("no_such_ticket", "unknown_code", "corrected_too_late", "correction_needs_supervisor"),
    scope=WRITE,
)
def integration_correct(db: Session, body: models.SystemCorrection, number: str) -> models.SystemTicket:
    """Correct category, department, place or priority; on record, and only until somebody has begun to work on it."""
    ticket = lifecycle.locked(db, number=number)
    typed = corrections.Typed(
        category=_id(db, Category.id, Category.code, body.category, "category"),
        department=_id(db, Department.id, Department.code, body.department, "department"),
        place=_id(db, Place.id, Place.code, body.place, "place"),
        priority=body.priority,
    )
    new, zone = corrections.read(db, ticket, typed, at=now()), runtime().settings.timezone
    corrections.correct(db, ticket, new, by=None, at=now(), zone=zone, channel=CHANNEL)
    return _one(db, number)


@post_once(
    "/integration/tickets/<ticket:number>/cancel",
    models.SystemAct,
    {200: models.SystemTicket},
    *("no_such_ticket", "move_not_allowed", "cancel_needs_supervisor"),
    scope=WRITE,
)
def integration_cancel(db: Session, body: models.SystemAct, number: str) -> models.SystemTicket:
    """Cancel a ticket that nobody has begun to work on."""
    lifecycle.cancel(db, lifecycle.locked(db, number=number), by=None, at=now(), channel=CHANNEL)
    return _one(db, number)


@post_once(
    "/integration/alarms",
    models.SystemAlarm,
    {200: models.AlarmTicket, 201: models.AlarmTicket},
    "unknown_code",
    scope=ALARMS,
)
def integration_alarm(db: Session, body: models.SystemAlarm) -> tuple[models.AlarmTicket, int]:
    """Raise an alarm, or say that it is over. One key is one open ticket; nobody was served, so nobody rates it."""
    system_id = bearer.system().id
    if body.state == "resolved":
        cleared = alarms.clear(db, system_id, body.key, at=now())
        shown = _one(db, cleared.number) if cleared else None
        return models.AlarmTicket(ticket=shown, new=False, count=0), 200
    new = lifecycle.NewTicket(source="monitoring", **_facts(db, body))
    raised = alarms.raise_alarm(db, system_id, body.key, new, at=now(), zone=runtime().settings.timezone)
    answer = models.AlarmTicket(ticket=_one(db, raised.ticket.number), new=raised.new, count=raised.count)
    return answer, 201 if raised.new else 200


def _facts(db: Session, body: models.About) -> dict[str, Any]:
    place_id = _id(db, Place.id, Place.code, body.place, "place")
    department_id = _id(db, Department.id, Department.code, body.department, "department")
    if department_id is None and place_id is not None:
        department_id = db.get_one(Place, place_id).department_id
    return {
        "description": body.description.strip(),
        "location": body.location.strip(),
        "category_id": _id(db, Category.id, Category.code, body.category, "category"),
        "department_id": department_id,
        "place_id": place_id,
        "priority": body.priority,
    }


def _id(
    db: Session, column: InstrumentedAttribute[int], code: InstrumentedAttribute[str], value: str | None, field: str
) -> int | None:
    if value is None:
        return None
    found = db.scalar(select(column).where(code == value))
    if found is None:
        raise Refused("unknown_code", field=field)
    return found


def _found() -> Any:
    query = select(Ticket, Category.code.label("category"), Department.code.label("department"))
    query = query.outerjoin(Category, Category.id == Ticket.category_id)
    return query.outerjoin(Department, Department.id == Ticket.department_id)


def _one(db: Session, number: str) -> models.SystemTicket:
    row = db.execute(_found().where(Ticket.number == number)).first()
    if row is None:
        raise Missing("no_such_ticket")
    return _response(row.Ticket, row.category, row.department)


def _response(ticket: Ticket, category: str | None, department: str | None) -> models.SystemTicket:
    return models.SystemTicket(
        number=ticket.number,
        state=ticket.state,
        cycle=ticket.cycle,
        source=ticket.source,
        priority=ticket.priority,
        category=category,
        department=department,
        reported_at=ticket.reported_at,
        due_at=ticket.due_at,
        finished_at=ticket.finished_at,
        url=runtime().links.ticket_url(ticket.id),
    )
