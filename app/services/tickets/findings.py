"""What was found and done, as the engineer chose it when finishing: codes in the event, learned from for the next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from app.errors import Refused
from app.models import Category, Event, Ticket, TicketAsset
from app.pagination import Line, Query
from app.services.tickets import linking
from config.findings import Finding, findings

LEARNED_FROM = 200  # of the last tickets of a service
LAST = 3
RELATED = 5
DONE = ("finished", "closed")
LATEST = (Ticket.reported_at.desc(), Ticket.id.desc())


@dataclass(frozen=True)
class Resolution:
    """Each may be empty: who finishes in a lift chooses nothing."""

    cause: str = ""
    solution: str = ""
    remote: bool | None = None

    def data(self) -> dict[str, Any]:
        """For the event; raises Refused for a code the file does not have."""
        known = findings()
        if (self.cause and self.cause not in known.causes) or (self.solution and self.solution not in known.solutions):
            raise Refused("unknown_finding")
        return {name: value for name, value in vars(self).items() if value not in {"", None}}


@dataclass(frozen=True)
class Earlier:
    """A ticket from before, and how it was mended."""

    number: str
    state: str
    reported_at: datetime
    category: str
    description: str
    cause: str
    solution: str


def offered(session: Session, category_id: int | None) -> tuple[Mapping[str, Finding], Mapping[str, Finding]]:
    """Causes and solutions for this service; those chosen most often for it come first."""
    above = aliased(Category)
    query = select(Category.code, above.code).outerjoin(above, above.id == Category.parent_id)
    row = session.execute(query.where(Category.id == category_id)).first() if category_id is not None else None
    codes = [code for code in row or () if code]
    chosen = _chosen(session, category_id) if category_id is not None else []
    return tuple(  # type: ignore[return-value]
        _by_use(choices, Counter(data.get(name, "") for data in chosen), codes)
        for name, choices in (("cause", findings().causes), ("solution", findings().solutions))
    )


def at_the_spots(session: Session, tickets: Sequence[int]) -> dict[int, list[Earlier]]:
    """By ticket, the last faults in its room, or of its asset, and their fixes: for all of them at once."""
    query = select(Ticket.id, Ticket.place_id, TicketAsset.asset_id)
    query = query.outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id).where(Ticket.id.in_(tickets))
    ways = {row.id: _ways(row) for row in session.execute(query)}
    every = {name: way for ways_of in ways.values() for name, way in ways_of.items()}
    if not every:
        return {}
    last = union_all(*(select(_last(name, way).subquery()) for name, way in every.items())).subquery()
    rows = session.execute(select(last, Category.name).outerjoin(Category, Category.id == last.c.category_id)).all()
    by_event = dict(zip((row.id for row in rows), _found(session, rows), strict=True))
    found = {}
    for ticket, names in ways.items():
        own = {row.id: row for row in rows if row.way in names and row.id != ticket}.values()
        found[ticket] = [by_event[row.id] for row in _latest(own, LAST)]
    return found


def _ways(row: Line) -> dict[str, ColumnElement[bool]]:
    """Each by its name: the faults of the ticket's room, those of its asset."""
    of_asset = select(TicketAsset.ticket_id).where(TicketAsset.asset_id == row.asset_id)
    ways: dict[str, ColumnElement[bool]] = {}
    if row.place_id is not None:
        ways[f"place {row.place_id}"] = Ticket.place_id == row.place_id
    if row.asset_id is not None:
        ways[f"asset {row.asset_id}"] = Ticket.id.in_(of_asset.order_by(TicketAsset.ticket_id.desc()).limit(RELATED))
    return ways


def _last(name: str, way: ColumnElement[bool]) -> Query:
    """One more than are shown: the ticket itself may be among them."""
    columns = (Ticket.id, Ticket.number, Ticket.state, Ticket.reported_at, Ticket.category_id, Ticket.description)
    query = select(literal(name).label("way"), *columns).where(way, Ticket.state.in_(DONE))
    return query.order_by(*LATEST).limit(LAST + 1)


def related(session: Session, ticket: Ticket) -> list[tuple[str, list[Earlier]]]:
    """Those about the same fault, then earlier and present ones of the same asset, room and person: by these words."""
    linked = linking.numbers(session, ticket.id)
    person = ticket.served_person_id or ticket.requester_id
    theirs = [Ticket.served_person_id == person, Ticket.requester_id == person] if person is not None else []
    ways: dict[str, list[ColumnElement[bool]]] = {
        "linked": [Ticket.number.in_(linked)] if linked else [],
        "asset": _same_asset(session, ticket),
        "place": _same_place(ticket),
        "person": theirs,
    }
    found = [(why, _earlier(session, ticket, how, most=RELATED)) for why, how in ways.items()]
    return [(why, rows) for why, rows in found if rows]


def _same_place(ticket: Ticket) -> list[ColumnElement[bool]]:
    return [Ticket.place_id == ticket.place_id] if ticket.place_id is not None else []


def _same_asset(session: Session, ticket: Ticket) -> list[ColumnElement[bool]]:
    """By their numbers, found first: they grow with time."""
    own = select(TicketAsset.asset_id).where(TicketAsset.ticket_id == ticket.id).scalar_subquery()
    same = select(TicketAsset.ticket_id).where(TicketAsset.asset_id == own, TicketAsset.ticket_id != ticket.id)
    tickets = session.scalars(same.order_by(TicketAsset.ticket_id.desc()).limit(RELATED)).all()
    return [Ticket.id.in_(tickets)] if tickets else []


def _earlier(session: Session, ticket: Ticket, ways: Sequence[ColumnElement[bool]], *, most: int) -> list[Earlier]:
    """The last of all the ways, each asked by its own index."""
    query = select(Ticket.id, Ticket.number, Ticket.state, Ticket.reported_at, Category.name, Ticket.description)
    query = query.outerjoin(Category, Category.id == Ticket.category_id).where(Ticket.id != ticket.id)
    lists = [session.execute(query.where(way).order_by(*LATEST).limit(most)).all() for way in ways]
    each = {row.id: row for rows in lists for row in rows}.values()
    return _found(session, _latest(each, most))


def _latest(rows: Iterable[Line], most: int) -> list[Line]:
    return sorted(rows, key=lambda row: (row.reported_at, row.id), reverse=True)[:most]


def _found(session: Session, rows: Sequence[Line]) -> list[Earlier]:
    known = {row.ticket_id: row.data or {} for row in session.execute(_finishes([row.id for row in rows]))}
    return [
        Earlier(
            number=row.number,
            state=row.state,
            reported_at=row.reported_at,
            category=row.name or "",
            description=row.description,
            cause=known.get(row.id, {}).get("cause", ""),
            solution=known.get(row.id, {}).get("solution", ""),
        )
        for row in rows
    ]


def _finishes(tickets: Sequence[int]) -> Query:
    """In their order, so that the last one of a ticket stands."""
    query = select(Event.ticket_id, Event.data).where(Event.ticket_id.in_(tickets), Event.kind == "finished")
    return query.order_by(Event.id)


def _chosen(session: Session, category_id: int) -> list[dict[str, Any]]:
    last = select(Ticket.id).where(Ticket.category_id == category_id, Ticket.state.in_(DONE))
    tickets = session.scalars(last.order_by(Ticket.reported_at.desc()).limit(LEARNED_FROM)).all()
    return [row.data for row in session.execute(_finishes(tickets)) if row.data]


def _by_use(choices: Mapping[str, Finding], used: Counter[str], codes: Sequence[str]) -> dict[str, Finding]:
    """What was chosen for it before is offered too, whatever the file says of it."""
    fitting = [code for code, choice in choices.items() if choice.fits(codes) or used[code]]
    return {code: choices[code] for code in sorted(fitting, key=lambda code: -used[code])}
