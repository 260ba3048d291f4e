"""A ticket opened at the desk: what was typed becomes people and ids, or a list of what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Category, Department, Person, Place, Ticket, TicketAsset
from app.models.ticket import PRIORITIES
from app.pagination import Line
from app.services.organisation import assets, catalogue
from app.services.organisation.directory import SIZE, named
from app.services.tickets import lifecycle

SOURCES = ("phone", "walk_in", "desk", "monitoring", "inspection")
UNSERVED = frozenset({"monitoring", "inspection"})
SERVED = ("requester", "department", "nobody", "person")
LONGEST = 2_000
TWIN = timedelta(minutes=2)


@dataclass(frozen=True)
class Typed:
    """The form as typed; people by staff number or name, and which one was picked among those of that name."""

    source: str = "phone"
    requester: str = ""
    requester_pick: int | None = None
    served: str = "requester"
    served_person: str = ""
    served_person_pick: int | None = None
    department_id: int | None = None
    spot: str = ""
    """A room or an asset, by its tag or its name."""
    category_id: int | None = None
    priority: int = 3
    description: str = ""


def open_ticket(session: Session, typed: Typed, *, by: int, at: datetime, zone: ZoneInfo, channel: str) -> Ticket:
    """Raises Refused: `report_incomplete` with `faults` (field -> code), `reported_just_now` with the `number`."""
    requester = _person(session, typed.requester, at, typed.requester_pick)
    served = requester
    if typed.served == "person":
        served = _person(session, typed.served_person, at, typed.served_person_pick)
    department_id = typed.department_id or (requester[0].department_id if len(requester) == 1 else None)
    spots = assets.meant(session, typed.spot, most=2) if typed.spot else []
    faults = dict(_faults(session, typed, requester, served, department_id))
    if typed.spot and len(spots) != 1:
        faults["spot"] = "several_spots" if spots else "no_such_spot"
    if faults:
        raise Refused("report_incomplete", faults=faults)
    spot = spots[0] if spots else None
    new = lifecycle.NewTicket(
        source=typed.source,
        description=typed.description,
        category_id=typed.category_id,
        priority=typed.priority,
        requester_id=requester[0].id if requester else None,
        served_person_id=served[0].id if typed.served in {"requester", "person"} else None,
        served_department_id=department_id if typed.served == "department" else None,
        department_id=department_id or (spot.department_id if spot else None),
        place_id=spot.place_id if spot else None,
    )
    ticket = lifecycle.report(session, new, by=by, at=at, zone=zone, channel=channel)
    _refuse_twin(session, ticket)
    if spot and spot.kind == "asset":
        session.add(TicketAsset(ticket_id=ticket.id, asset_id=spot.id))
    return ticket


def again(session: Session, number: str) -> Typed:
    """The form of another ticket about the same fault, without its service; raises Missing."""
    ticket = session.scalar(select(Ticket).where(Ticket.number == number))
    if ticket is None:
        raise Missing("no_such_ticket")
    requester, served = (
        session.get(Person, id_) if id_ else None for id_ in (ticket.requester_id, ticket.served_person_id)
    )
    kind = "person" if served is not requester else "requester"
    place = session.get(Place, ticket.place_id) if ticket.place_id else None
    return Typed(
        source=ticket.source if ticket.source in SOURCES else "desk",
        requester=requester.staff_number if requester else "",
        served="nobody" if not ticket.rateable else kind if served else "department",
        served_person=served.staff_number if served and served is not requester else "",
        department_id=ticket.department_id,
        spot=place.code if place else "",
        priority=ticket.priority,
        description=ticket.description,
    )


def namesakes(session: Session, text: str, *, at: datetime) -> list[Line]:
    """Everybody the text could mean."""
    return _person(session, text, at)


def _person(session: Session, text: str, at: datetime, pick: int | None = None) -> list[Line]:
    found = list(named(session, text, at.date())) if text else []
    return [one for one in found if one.id == pick] or found


def _faults(
    session: Session, typed: Typed, requester: list[Line], served: list[Line], department_id: int | None
) -> Iterator[tuple[str, str]]:
    yield from _wrong_choices(session, typed)
    # Who was served decides who may rate; a desk that could leave it out could choose who rates.
    if (typed.served == "nobody") != (typed.source in UNSERVED):
        yield "served", "served_nobody" if typed.served == "nobody" else "unserved_source"
    by_machine = typed.source in UNSERVED
    if fault := _who(typed.requester, requester, needed=not by_machine, provider_too=by_machine):
        yield "requester", fault
    if typed.served == "person" and (fault := _who(typed.served_person, served, needed=True)):
        yield "served_person", fault
    if typed.served == "department" and department_id is None:
        yield "department", "needed"
    if not typed.description:
        yield "description", "needed"
    elif len(typed.description) > LONGEST:
        yield "description", "too_long"


def _wrong_choices(session: Session, typed: Typed) -> Iterator[tuple[str, str]]:
    if typed.source not in SOURCES:
        yield "source", "needed"
    if typed.served not in SERVED:
        yield "served", "needed"
    if typed.priority not in PRIORITIES:
        yield "priority", "needed"
    if not catalogue.can_be_chosen(session, Category, typed.category_id):
        yield "category", "needed"
    if typed.department_id is not None and not catalogue.can_be_chosen(session, Department, typed.department_id):
        yield "department", "needed"


def _who(text: str, found: list[Line], *, needed: bool, provider_too: bool = False) -> str | None:
    if not text:
        return "needed" if needed else None
    if not found:
        return "nobody"
    if len(found) > 1:
        return "several" if len(found) <= SIZE else "too_many"
    return "of_the_provider" if found[0].provider_id and not provider_too else None


def _refuse_twin(session: Session, ticket: Ticket) -> None:
    # The number's counter lets one report through at a time, so a second tap sees the first one here.
    twin = session.scalar(
        select(Ticket.number).where(
            Ticket.id != ticket.id,
            Ticket.reported_at > ticket.reported_at - TWIN,
            Ticket.description == ticket.description,
            Ticket.requester_id.is_not_distinct_from(ticket.requester_id),
            Ticket.served_person_id.is_not_distinct_from(ticket.served_person_id),
            Ticket.category_id.is_not_distinct_from(ticket.category_id),
            Ticket.place_id.is_not_distinct_from(ticket.place_id),
        )
    )
    if twin is not None:
        raise Refused("reported_just_now", number=twin)
