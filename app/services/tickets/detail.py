"""One ticket as the console shows it: its facts, its timeline, and to whom it could be given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing
from app.models import Asset, Category, Department, Employment, Event, Notice, Person, Place, RoleGrant, Team, Ticket
from app.models.kinds import EVENTS, PROVIDER_SEES_EVENTS, PROVIDER_SEES_NOTICES
from app.models.ticket import OPEN_STATES, TicketAsset, TicketHelper
from app.pagination import Line, Query
from app.services.organisation import employment
from app.services.organisation.directory import current_employment
from app.services.service_levels import clock
from app.services.tickets import corrections


@dataclass(frozen=True)
class Step:
    """One line of the timeline, its ids already turned into names."""

    kind: str
    state: str | None
    cycle: int
    at: datetime
    recorded_at: datetime
    channel: str
    actor: str | None
    data: dict[str, Any]
    lead: str | None
    helpers: tuple[str, ...]
    corrected: tuple[tuple[str, str, str], ...] = ()
    """Each detail that was corrected: its field, what it was, what it became; a priority as its code."""

    @property
    def recorded_state(self) -> str | None:
        """The state a ticket came with from elsewhere."""
        return self.state if self.kind == "recorded" else None

    @property
    def waits_for(self) -> str | None:
        """What the clock was paused for."""
        return clock.waits_for(self.kind, self.data)

    @property
    def waits_until(self) -> datetime | None:
        return clock.planned_end(self.data) if self.kind == "paused" else None

    @property
    def proved_by(self) -> str | None:
        """What was scanned there; `time` where nothing was."""
        return self.data.get("proof", "time") if self.kind == "arrived" else None

    @property
    def found(self) -> dict[str, str]:
        """Cause and solution, as they were chosen at the end."""
        return {name: self.data[name] for name in ("cause", "solution") if name in self.data}

    @property
    def remote(self) -> bool | None:
        return self.data.get("remote")

    @property
    def declined_for(self) -> str | None:
        return self.data.get("reason") if self.kind == "declined" else None


def facts(session: Session, number: str) -> Line:
    """The ticket and the names of everything it points to; raises Missing."""
    row = session.execute(_facts().where(Ticket.number == number)).first()
    if row is None:
        raise Missing("no_such_ticket")
    return row


@cache
def _facts() -> Query:
    lead, served, requester = aliased(Person), aliased(Person), aliased(Person)
    served_department = aliased(Department)
    return (
        select(
            Ticket,
            Department.name.label("department"),
            served_department.name.label("served_department"),
            Category.name.label("category"),
            Place.name.label("place"),
            Place.building,
            Place.floor,
            Place.room,
            Asset.name.label("asset"),
            Asset.tag,
            lead.name.label("lead"),
            lead.telephone.label("lead_telephone"),
            Team.name.label("team"),
            served.name.label("served"),
            served.staff_number.label("served_number"),
            served.telephone.label("served_telephone"),
            requester.name.label("requester"),
            requester.staff_number.label("requester_number"),
            requester.telephone.label("requester_telephone"),
        )
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(served_department, served_department.id == Ticket.served_department_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id)
        .outerjoin(Asset, Asset.id == TicketAsset.asset_id)
        .outerjoin(lead, lead.id == Ticket.lead_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
        .outerjoin(served, served.id == Ticket.served_person_id)
        .outerjoin(requester, requester.id == Ticket.requester_id)
    )


def asset_of(session: Session, ticket: Ticket) -> int | None:
    return session.scalar(select(TicketAsset.asset_id).where(TicketAsset.ticket_id == ticket.id))


def helpers(session: Session, ticket_id: int) -> Sequence[Line]:
    query = select(Person.id, Person.name).join(TicketHelper, TicketHelper.person_id == Person.id)
    return session.execute(query.where(TicketHelper.ticket_id == ticket_id).order_by(Person.name)).all()


def timeline(session: Session, ticket_id: int, *, for_provider: bool) -> list[Step]:
    """What happened, oldest first. The provider gets the work only, nothing that speaks of a rating."""
    query = select(Event, Person.name).outerjoin(Person, Person.id == Event.actor_id)
    query = query.where(Event.ticket_id == ticket_id).order_by(Event.at, Event.id)
    if for_provider:
        query = query.where(Event.kind.in_(PROVIDER_SEES_EVENTS))
    found = session.execute(query).all()
    names = _names(session, [event for event, _actor in found])
    changes = {event.id: event.data or {} for event, _actor in found if event.kind == "details_corrected"}
    called = corrections.names(session, list(changes.values()))
    return [_step(event, actor, names, called) for event, actor in found]


def last_move(session: Session, ticket_id: int) -> Step | None:
    """What last became of the ticket: who comes too late reads it."""
    moved = tuple(kind for kind, about in EVENTS.items() if about.moves)
    query = select(Event, Person.name).outerjoin(Person, Person.id == Event.actor_id)
    query = query.where(Event.ticket_id == ticket_id, Event.kind.in_(moved)).order_by(Event.id.desc()).limit(1)
    row = session.execute(query).first()
    return _step(row[0], row[1], _names(session, [row[0]]), {}) if row is not None else None


def notices(session: Session, ticket_id: int, *, for_provider: bool) -> Sequence[Line]:
    query = select(Notice, Person.name.label("person")).join(Person, Person.id == Notice.person_id)
    if for_provider:
        query = query.where(Notice.kind.in_(PROVIDER_SEES_NOTICES))
    return session.execute(query.where(Notice.ticket_id == ticket_id).order_by(Notice.created_at, Notice.id)).all()


def candidates(session: Session, day: date) -> Sequence[Line]:
    """Engineers at work that day, each with their team and how many open tickets they lead; the least busy first."""
    busy = (
        select(Ticket.lead_id, func.count().label("open"))
        .where(Ticket.lead_id.is_not(None), Ticket.state.in_(OPEN_STATES))
        .group_by(Ticket.lead_id)
        .subquery()
    )
    team = func.coalesce(Team.name, "")
    open_tickets = func.coalesce(busy.c.open, 0)
    return session.execute(
        select(Person.id, Person.name, team.label("team"), open_tickets.label("open"))
        .join(RoleGrant, (RoleGrant.person_id == Person.id) & (RoleGrant.role == "engineer"))
        .outerjoin(Employment, Employment.id == current_employment(Person.id, day))
        .outerjoin(Team, Team.id == Employment.team_id)
        .outerjoin(busy, busy.c.lead_id == Person.id)
        .where(employment.works(Person.id, day))
        .order_by(team, open_tickets, Person.name)
    ).all()


def _names(session: Session, events: list[Event]) -> dict[int, str]:
    kept = [event.data for event in events if event.data]
    ids = {data["lead"] for data in kept if "lead" in data}.union(*(data.get("helpers", ()) for data in kept))
    return {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}


def _step(event: Event, actor: str | None, names: dict[int, str], called: dict[tuple[str, int], str]) -> Step:
    data = event.data or {}

    def _called(field: str, id_: int | None) -> str:
        return called.get((field, id_), str(id_)) if id_ is not None else ""

    changes = data.items() if event.kind == "details_corrected" else ()
    return Step(
        kind=event.kind,
        state=event.state,
        cycle=event.cycle or 0,
        at=event.at,
        recorded_at=event.recorded_at,
        channel=event.channel,
        actor=actor,
        data=data,
        lead=names.get(data.get("lead", 0)),
        helpers=tuple(names.get(helper, "") for helper in data.get("helpers", ())),
        corrected=tuple((field, _called(field, old), _called(field, new)) for field, (old, new) in changes),
    )
