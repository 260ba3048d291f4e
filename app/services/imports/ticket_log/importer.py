"""Nodes become events of their tickets; each ticket is then what all its nodes in order make of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.db import upsert
from app.models import Event, Ticket
from app.services import events
from app.services.imports.ticket_log import completions, lookups
from app.services.imports.ticket_log.lookups import Names
from app.services.imports.ticket_log.node_reader import Node
from app.services.imports.ticket_log.profile import Profile
from app.services.imports.ticket_log.replay import DONE, Life, Step, replay
from app.services.tables.records import Fault

CHANNEL = "import"


@dataclass
class ImportCounts:
    """What became of a batch; imported, unchanged and faults together are all its nodes."""

    imported: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass
class Touched:
    """A ticket of the batch: what is known of it, and the nodes that are new."""

    id: int
    new: bool
    served: bool
    steps: list[Step] = field(default_factory=list)
    fresh: list[tuple[Node, Step]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


def import_rows(session: Session, nodes: Sequence[Node], profile: Profile, *, at: datetime) -> ImportCounts:
    """Record these nodes. One already recorded is unchanged; one that cannot belong here is a fault."""
    counts = ImportCounts()
    known = lookups.resolve(session, profile, nodes)
    good = []
    for node in nodes:
        part = known.unknown(node)
        if part is None:
            good.append(node)
        else:
            counts.faults.append(lookups.fault(profile, node, part))
    touched = _tickets(session, good)
    _history(session, touched)
    for node in good:
        _sort_out(node, touched[node.number], known, profile, counts)
    changed = [ticket for ticket in touched.values() if ticket.fresh]
    lives = {ticket.id: replay([*ticket.steps, *(step for _node, step in ticket.fresh)]) for ticket in changed}
    if changed:
        _write_events(session, changed, known, at)
        _write_tickets(session, changed, lives, known)
        served = {ticket.id: ticket.served for ticket in changed}
        completions.write(session, lives, served, provider=profile.provider, at=at)
    return counts


def _tickets(session: Session, nodes: Sequence[Node]) -> dict[str, Touched]:
    numbers = sorted({node.number for node in nodes})
    if not numbers:
        return {}
    before = set(session.scalars(select(Ticket.number).where(Ticket.number.in_(numbers))))
    first = {node.number: node for node in reversed(nodes) if node.number not in before}
    rows = [
        {"number": number, "source": "import", "state": "reported", "reported_at": node.at, "updated_at": node.at}
        for number, node in sorted(first.items())
    ]
    if rows:
        session.execute(upsert(session, Ticket).on_conflict_do_nothing(), rows)
    query = select(Ticket.number, Ticket.id, Ticket.served_person_id, Ticket.served_department_id)
    # In one order, so that two imports never wait for each other in a ring.
    locked = query.where(Ticket.number.in_(numbers)).order_by(Ticket.id).with_for_update()
    return {
        number: Touched(ticket_id, number not in before, person is not None or department is not None)
        for number, ticket_id, person, department in session.execute(locked)
    }


def _history(session: Session, touched: dict[str, Touched]) -> None:
    by_id = {ticket.id: ticket for ticket in touched.values()}
    query = select(Event.ticket_id, Event.source_key, Event.at, Event.state, Event.data).where(
        Event.ticket_id.in_(by_id), or_(Event.source_key.is_not(None), Event.state.is_not(None))
    )
    for ticket_id, key, at, state, data in session.execute(query):
        by_id[ticket_id].steps.append(_step_of(key, at, state, data or {}))
        if key:
            by_id[ticket_id].keys.add(key)


def _step_of(key: str | None, at: datetime, state: str | None, data: dict[str, Any]) -> Step:
    finished = data.get("finished_at")
    return Step(
        at=at,
        order=data.get("order", 0),
        state=state,
        lead=data.get("lead"),
        team=data.get("team"),
        category=data.get("category"),
        department=data.get("department"),
        finished_at=datetime.fromisoformat(finished) if finished else None,
        key=key,
    )


def _sort_out(node: Node, ticket: Touched, known: Names, profile: Profile, counts: ImportCounts) -> None:
    if not (ticket.new or ticket.keys):
        counts.faults.append(
            Fault(node.line, profile.columns["number"], node.number, "number_of_our_own", (), node.last)
        )
        return
    key = node.key
    if key in ticket.keys:
        counts.unchanged += 1
        return
    ticket.keys.add(key)
    counts.imported += 1
    step = Step(
        at=node.at,
        order=node.order,
        state=node.state,
        lead=known.ids["people"].get(node.lead),
        team=known.ids["teams"].get(node.team),
        category=known.ids["categories"].get(node.category),
        department=known.ids["departments"].get(node.department),
        finished_at=node.finished_at if node.state in DONE else None,
        key=key,
    )
    ticket.fresh.append((node, step))


def _write_events(session: Session, changed: list[Touched], known: Names, at: datetime) -> None:
    fresh = [(ticket, node, step) for ticket in changed for node, step in ticket.fresh]
    fresh.sort(key=lambda one: one[2].moment)
    rows = [
        {
            "ticket_id": ticket.id,
            "cycle": step.cycle,
            "kind": "recorded",
            "state": step.state,
            "actor_id": known.ids["people"].get(node.actor),
            "at": step.at,
            "recorded_at": at,
            "channel": CHANNEL,
            "source_key": step.key,
            "data": _data(node, step),
        }
        for ticket, node, step in fresh
    ]
    events.append_all(session, rows)


def _data(node: Node, step: Step) -> dict[str, Any]:
    data = {
        "code": node.code,
        "reason": node.waits_for,
        "order": node.order or None,
        "lead": step.lead,
        "team": step.team,
        "category": step.category,
        "department": step.department,
        "reported_at": node.reported_at.isoformat() if node.reported_at else None,
        "finished_at": step.finished_at.isoformat() if step.finished_at else None,
    }
    return {name: value for name, value in data.items() if value is not None}


def _write_tickets(session: Session, changed: list[Touched], lives: dict[int, Life], known: Names) -> None:
    newest, older = [], []
    for ticket in changed:
        course = _course(ticket.id, lives[ticket.id])
        node, last = max(ticket.fresh, key=lambda one: one[1].moment)
        if any(step.moment > last.moment for step in ticket.steps if step.key):
            older.append(course)
            continue
        attributes = _attributes(node, known)
        ticket.served = attributes["served_person_id"] is not None or attributes["served_department_id"] is not None
        newest.append(course | attributes)
    for rows in filter(None, (newest, older)):
        _update(session, rows)


def _update(session: Session, rows: list[dict[str, Any]]) -> None:
    table = Ticket.__table__
    values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "row_id"}
    session.connection().execute(update(Ticket).where(table.c.id == bindparam("row_id")).values(values), rows)


def _course(ticket_id: int, life: Life) -> dict[str, Any]:
    return {
        "row_id": ticket_id,
        "state": life.state,
        "cycle": life.cycle,
        "lead_id": life.lead,
        "team_id": life.team,
        "finished_at": life.finished_at,
        "closed_at": life.closed_at,
        "updated_at": life.updated_at,
    }


def _attributes(node: Node, known: Names) -> dict[str, Any]:
    department = known.ids["departments"].get(node.department)
    person = known.ids["people"].get(node.served)
    return {
        "source": node.source,
        "requester_id": person,
        "served_person_id": person,
        "served_department_id": None if person else department,
        "department_id": department,
        "place_id": known.ids["places"].get(node.place),
        "category_id": known.ids["categories"].get(node.category),
        "priority": node.priority,
        "description": node.description,
        "reported_at": node.reported_at or node.at,
    }
