"""A limit was missed and nobody has done it yet: on record once, then told upwards, up to the hospital."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import Employment, Event, Notice, Post, Team, Ticket
from app.models.ticket import OPEN_STATES
from app.pagination import Line
from app.services import events
from app.services.events import Recorded
from app.services.notices import outbox
from app.services.organisation.directory import current_employment
from app.services.organisation.duty import supervisors_on_duty
from app.services.service_levels import clock
from config.notices import notice_rules

RINGS_FOR = timedelta(days=1)  # what was missed for longer is known
KIND = "limit_missed"
OWN = ("response", "arrival")  # for the solution the engineer is warned before, and told by `deadlines`


@dataclass(frozen=True)
class Step:
    """One thing to do now about a limit of a ticket that was missed."""

    ticket_id: int
    limit: str
    missed_at: datetime
    kind: str
    """Of the notice; empty: it is put on record."""
    event_id: int | None = None


def due(session: Session, *, zone: ZoneInfo, at: datetime) -> Sequence[int]:
    """The tickets about which something has to be done now."""
    return list(dict.fromkeys(step.ticket_id for step in _steps(session, zone, at)))


def warn(session: Session, ticket: Ticket, *, zone: ZoneInfo, at: datetime) -> None:
    """Put on record what was missed, and tell whom it is time to tell. The ticket is held by the caller."""
    for step in _steps(session, zone, at, ticket.id):
        if step.event_id is None:
            data = {"limit": step.limit}
            recorded = events.append(
                session, ticket, KIND, by=None, at=step.missed_at, channel="clock", data=data, recorded_at=at
            )
            if step.limit in OWN and ticket.lead_id is not None:
                outbox.add(session, KIND, recorded, to=ticket.lead_id, at=at)
        else:
            whom = (
                _leaders(session, ticket, at)
                if step.kind == "limit_missed_team"
                else supervisors_on_duty(session, at=at)
            )
            for person in whom:
                outbox.add(session, step.kind, Recorded(step.event_id, ticket.id), to=person, at=at)


def _steps(session: Session, zone: ZoneInfo, at: datetime, ticket_id: int | None = None) -> Iterator[Step]:
    rows = _recent(session, at, ticket_id)
    found = clock.marks(session, rows, *clock.ENDS, zone=zone, at=at)
    known = _on_record(session, [row.id for row in rows])
    for row in rows:
        for mark in found.get(row.id, {}).values():
            if mark.reached is None and mark.missed and mark.due is not None and mark.due > at - RINGS_FOR:
                yield from _of_mark(row, mark.name, mark.due, known.get((row.id, row.cycle, mark.name)), at)


def _of_mark(
    row: Line, limit: str, missed_at: datetime, known: tuple[int, set[str]] | None, at: datetime
) -> Iterator[Step]:
    if known is None:
        yield Step(row.id, limit, missed_at, "")
        return
    event_id, notified = known
    rules = notice_rules()
    for kind, minutes in (
        ("limit_missed_team", rules.missed_team_minutes),
        ("limit_missed_hospital", rules.missed_hospital_minutes),
    ):
        if kind not in notified and at >= missed_at + timedelta(minutes=minutes):
            yield Step(row.id, limit, missed_at, kind, event_id)


def _recent(session: Session, at: datetime, ticket_id: int | None) -> Sequence[Line]:
    """Open tickets that can have missed a limit within the last day; never what was imported or waits."""
    query = clock.coded(select(Ticket.cycle)).where(
        Ticket.state.in_(OPEN_STATES),
        Ticket.due_at.is_not(None),
        or_(Ticket.due_at.between(at - RINGS_FOR, at), Ticket.updated_at > at - 2 * RINGS_FOR),
    )
    if ticket_id is not None:
        query = query.where(Ticket.id == ticket_id)
    return session.execute(query).all()


def _on_record(session: Session, tickets: Sequence[int]) -> dict[tuple[int, int, str], tuple[int, set[str]]]:
    """Each limit that was put on record: by which event, and which notices of it there are."""
    query = (
        select(Event.id, Event.ticket_id, Event.cycle, Event.data, Notice.kind)
        .outerjoin(Notice, Notice.event_id == Event.id)
        .where(Event.ticket_id.in_(tickets), Event.kind == KIND)
    )
    found: dict[tuple[int, int, str], tuple[int, set[str]]] = {}
    for row in session.execute(query):
        found.setdefault((row.ticket_id, row.cycle, row.data["limit"]), (row.id, set()))[1].add(row.kind or "")
    return found


def _leaders(session: Session, ticket: Ticket, at: datetime) -> Sequence[int]:
    """Who holds a key post in the engineer's team; else in the team's provider, else in any."""
    holds = (
        select(Employment.person_id, Employment.team_id, Employment.provider_id)
        .join(Post, Post.id == Employment.post_id)
        .where(Post.key_post, Employment.id == current_employment(Employment.person_id, at.date()))
        .order_by(Employment.person_id)
    )
    rows = session.execute(holds).all()
    provider = session.scalar(select(Team.provider_id).where(Team.id == ticket.team_id))
    own = [row.person_id for row in rows if ticket.team_id is not None and row.team_id == ticket.team_id]
    return own or [row.person_id for row in rows if provider is None or row.provider_id == provider]
