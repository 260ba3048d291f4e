"""A ticket's details corrected before its completion, on record with what they were.

The clock counts anew from the report. Once work has begun, what moves the clock (priority, department) is the
hospital's alone to correct, for the provider is measured by it. Who was served decides who may rate: the desk corrects
only what it has written down itself, and no engineer does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Asset, Category, Department, Employment, Event, Person, Place, Ticket, TicketAsset
from app.models.listed import Listed
from app.models.ticket import OPEN_STATES, PRIORITIES
from app.services import events
from app.services.organisation import catalogue, directory
from app.services.organisation import employment as people
from app.services.service_levels import clock
from app.services.tickets import lifecycle
from app.services.tickets.desk_intake import SOURCES

NAMES = {
    "category": Category.name,
    "department": Department.name,
    "place": Place.name,
    "asset": Asset.tag,
    "served_person": Person.name,
    "served_department": Department.name,
}
SERVED = frozenset({"served_person", "served_department"})
_LISTS: Mapping[str, type[Listed]] = {"category": Category, "department": Department}
OF_THE_HOSPITAL = frozenset({"priority", "category", "department"}) | SERVED


@dataclass(frozen=True)
class Details:
    """What can be corrected of a ticket, as ids and codes."""

    category: int | None
    priority: int
    department: int | None
    place: int | None
    asset: int | None
    served_person: int | None
    served_department: int | None

    def changes(self, new: "Details") -> dict[str, Any]:
        """Each that differs: what it was, what it becomes."""
        return {name: [old, vars(new)[name]] for name, old in vars(self).items() if old != vars(new)[name]}


def details(session: Session, ticket: Ticket) -> Details:
    """As they stand."""
    return Details(
        category=ticket.category_id,
        priority=ticket.priority,
        department=ticket.department_id,
        place=ticket.place_id,
        asset=session.scalar(select(TicketAsset.asset_id).where(TicketAsset.ticket_id == ticket.id)),
        served_person=ticket.served_person_id,
        served_department=ticket.served_department_id,
    )


def tag(session: Session, ticket: Ticket) -> str:
    """What stands on the label of its asset; empty without one."""
    own = select(Asset.tag).join(TicketAsset, TicketAsset.asset_id == Asset.id)
    return session.scalar(own.where(TicketAsset.ticket_id == ticket.id)) or ""


def correct(
    session: Session, ticket: Ticket, new: Details, *, by: int | None, at: datetime, zone: ZoneInfo, channel: str
) -> bool:
    """Whether anything was changed. The ticket is held by the caller, `by` is None for a system. Raises Refused."""
    if ticket.state not in OPEN_STATES:
        raise Refused("corrected_too_late")
    changed = details(session, ticket).changes(new)
    if not changed:
        return False
    if not OF_THE_HOSPITAL.isdisjoint(changed) and not may_correct_all(session, ticket, by=by, at=at):
        raise Refused("correction_needs_supervisor")
    if not SERVED.isdisjoint(changed) and not may_correct_served(session, ticket, by=by, at=at):
        raise Refused("correction_needs_supervisor")
    _check(session, ticket, new, changed, at)
    ticket.category_id, ticket.priority = new.category, new.priority
    ticket.department_id, ticket.place_id = new.department, new.place
    ticket.served_person_id, ticket.served_department_id = new.served_person, new.served_department
    if "asset" in changed:
        session.execute(delete(TicketAsset).where(TicketAsset.ticket_id == ticket.id))
        session.add_all([TicketAsset(ticket_id=ticket.id, asset_id=new.asset)] if new.asset else [])
    ticket.updated_at = at
    events.append(session, ticket, "details_corrected", by=by, at=at, channel=channel, data=changed)
    ticket.due_at = clock.solution_due(session, ticket, zone=zone)
    return True


def may_correct_all(session: Session, ticket: Ticket, *, by: int | None, at: datetime) -> bool:
    """Until work has begun anybody who works on it, a system too; then only the hospital's supervision."""
    if by is not None and people.roles_at(session, by, at.date()) & lifecycle.SUPERVISORS:
        return True
    begun = select(Event.id).where(Event.ticket_id == ticket.id, Event.state.in_(lifecycle.BEGUN)).limit(1)
    return session.scalar(begun) is None


def may_correct_served(session: Session, ticket: Ticket, *, by: int | None, at: datetime) -> bool:
    """The hospital; the desk of what somebody told it, until work has begun. No system: that decides who may rate."""
    if by is None:
        return False
    roles = people.roles_at(session, by, at.date())
    reported_to_desk = "desk" in roles and ticket.source in SOURCES
    return bool(roles & lifecycle.SUPERVISORS) or (reported_to_desk and may_correct_all(session, ticket, by=by, at=at))


def _check(session: Session, ticket: Ticket, new: Details, changed: dict[str, Any], at: datetime) -> None:
    tables = {"category": Category, "department": Department, "place": Place, "asset": Asset}
    known = all(vars(new)[name] is None or session.get(table, vars(new)[name]) for name, table in tables.items())
    if not known or new.category is None or new.priority not in PRIORITIES or _switched_off(session, changed):
        raise Refused("correction_unknown")
    if "served_person" not in changed and "served_department" not in changed:
        return
    # What serves nobody is never rated, and what serves somebody always is: no correction takes a rating away.
    if (new.served_person is None and new.served_department is None) == ticket.rateable:
        raise Refused("served_stays")
    if new.served_person is not None and new.served_department is not None:
        raise Refused("correction_unknown")
    if new.served_department is not None and session.get(Department, new.served_department) is None:
        raise Refused("correction_unknown")
    if new.served_person is not None:
        of_provider = select(Employment.id).where(
            Employment.person_id == new.served_person, Employment.of_provider(at.date(), at.date())
        )
        if session.get(Person, new.served_person) is None or session.scalar(of_provider.limit(1)) is not None:
            raise Refused("correction_unknown")


def _switched_off(session: Session, changed: dict[str, Any]) -> bool:
    """Whether it would become a category or a department that is offered no more."""
    become = [(table, changed.get(name, (0, None))[1]) for name, table in _LISTS.items()]
    return any(chosen and not catalogue.can_be_chosen(session, table, chosen) for table, chosen in become)


@dataclass(frozen=True)
class Typed:
    """What a form says; what is None was not asked for and stays. An asset by its tag, a person by number or name."""

    category: int | None = None
    priority: int | None = None
    department: int | None = None
    place: int | None = None
    asset: str | None = None
    served: str | None = None
    """`stays`, `person` or `department`."""
    served_person: str = ""


def read(session: Session, ticket: Ticket, typed: Typed, *, at: datetime) -> Details:
    """The details as they should be; raises Refused for an asset or a person that cannot be found."""
    found = details(session, ticket)
    changed = {name: getattr(typed, name) for name in ("category", "priority", "department", "place")}
    chosen: dict[str, Any] = {name: value or None for name, value in changed.items() if value is not None}
    found = replace(found, **chosen)
    if typed.asset is not None:
        found = replace(found, asset=_asset(session, typed.asset))
    if typed.served == "person":
        found = replace(found, served_person=_person(session, typed.served_person, at), served_department=None)
    if typed.served == "department":
        found = replace(found, served_person=None, served_department=found.department)
    return found


def _asset(session: Session, tag: str) -> int | None:
    if not tag:
        return None
    found = session.scalar(select(Asset.id).where(Asset.tag == tag, Asset.retired_at.is_(None)))
    if found is None:
        raise Refused("no_such_asset", tag=tag)
    return found


def _person(session: Session, text: str, at: datetime) -> int:
    found = directory.named(session, text, at.date()) if text else []
    if len(found) != 1:
        raise Refused("correction_person")
    return int(found[0].id)


def names(session: Session, changes: Sequence[Mapping[str, Any]]) -> dict[tuple[str, int], str]:
    """What the ids in corrections are called, by field and id, in one statement a table."""
    needed: dict[str, set[int]] = {}
    for change in changes:
        for field, pair in change.items():
            needed.setdefault(field, set()).update(id_ for id_ in pair if id_ is not None)
    found = {}
    for field, column in NAMES.items():
        if ids := needed.get(field):
            table: Any = column.class_
            for row in session.execute(select(table.id, column).where(table.id.in_(ids))):
                found[field, row[0]] = row[1]
    return found
