"""A dispatch nobody opens: told again, then the backup is told, and the desk sees it in red."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session, aliased

from app.models import Category, Department, Employment, Event, Notice, Person, RoleGrant, Ticket, TicketHelper
from app.models.notice import UNOPENED
from app.models.ticket import AWAITING, OPEN_STATES
from app.pagination import Line, Query
from app.services.notices import outbox
from app.services.organisation import employment
from app.services.organisation.directory import current_employment
from config.notices import notice_rules

# After a day nobody is rung up any more; the desk goes on seeing it until somebody opens it.
RINGS_FOR = timedelta(days=1)
_lead, _other, _notified = aliased(Person), aliased(Person), aliased(Notice)


def due(session: Session, *, at: datetime) -> dict[int, datetime]:
    """The tickets somebody has to be told of again, each with the moment that falls, or fell, due."""
    return {row.ticket_id: moment for row in session.execute(_waiting(at - RINGS_FOR, at)) if (moment := _next(row))}


def escalate(session: Session, ticket: Ticket, *, at: datetime) -> None:
    """Tell the lead again, then the backup, each once a dispatch; nobody where it was opened meanwhile.

    The ticket is held by the caller, so that no two workers tell the same.
    """
    for row in session.execute(_waiting(at - RINGS_FOR, at).where(Ticket.id == ticket.id)).all():
        event = session.get_one(Event, row.event_id)
        if not row.again and at >= row.created_at + _again():
            outbox.add(session, "not_opened", event, to=row.person_id, at=at)
        if not row.backup and at >= row.created_at + _backup() and (other := _second(session, ticket, at.date())):
            outbox.add(session, "backup", event, to=other, at=at)


def red(session: Session, *, at: datetime, tickets: Sequence[int] | None = None) -> Sequence[Line]:
    """What the desk has to telephone about: whom, since when, and who else was told."""
    waiting = _waiting(None, at - _backup()).subquery()
    query = (
        select(
            waiting.c.ticket_id,
            Ticket.number,
            Ticket.priority,
            waiting.c.created_at.label("since"),
            Department.name.label("department"),
            Category.name.label("category"),
            _lead.name.label("lead"),
            _lead.telephone,
            _other.name.label("backup"),
            _other.telephone.label("backup_telephone"),
        )
        .join(Ticket, Ticket.id == waiting.c.ticket_id)
        .join(_lead, _lead.id == waiting.c.person_id)
        .outerjoin(_notified, (_notified.event_id == waiting.c.event_id) & (_notified.kind == "backup"))
        .outerjoin(_other, _other.id == _notified.person_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .order_by(Ticket.priority, waiting.c.created_at)
    )
    if tickets is not None:
        query = query.where(Ticket.id.in_(tickets))
    return session.execute(query).all()


def offered(session: Session, to: int, *, at: datetime) -> set[int]:
    """The tickets this backup was told of and may take over, as long as their leads have not opened them."""
    waiting = _waiting(None, at).subquery()
    notified = (Notice.event_id == waiting.c.event_id) & (Notice.kind == "backup") & (Notice.person_id == to)
    return set(session.scalars(select(waiting.c.ticket_id).join(Notice, notified)))


def _next(row: Line) -> datetime | None:
    moments = [] if row.again else [row.created_at + _again()]
    return min([*moments, *([] if row.backup else [row.created_at + _backup()])], default=None)


def _again() -> timedelta:
    return timedelta(minutes=notice_rules().again_minutes)


def _backup() -> timedelta:
    return timedelta(minutes=notice_rules().backup_minutes)


def _waiting(since: datetime | None, until: datetime) -> Query:
    """Notices of a ticket's last move, unopened by its lead. Found by the index of the unopened ones."""
    unopened = (
        select(Notice.ticket_id, Notice.event_id, Notice.person_id, Notice.created_at)
        .where(UNOPENED, Notice.created_at <= until, Notice.created_at > since if since else true())
        .subquery()
    )
    moved_on = select(Event.id).where(
        Event.ticket_id == unopened.c.ticket_id, Event.id > unopened.c.event_id, Event.state.is_not(None)
    )
    notified = select(Notice.id).where(Notice.event_id == unopened.c.event_id)
    return (
        select(
            *unopened.c,
            notified.where(Notice.kind == "not_opened").exists().label("again"),
            notified.where(Notice.kind == "backup").exists().label("backup"),
        )
        .join(Ticket, (Ticket.id == unopened.c.ticket_id) & (Ticket.lead_id == unopened.c.person_id))
        .where(Ticket.state.in_(AWAITING), ~moved_on.exists())
    )


def _second(session: Session, ticket: Ticket, day: date) -> int | None:
    """The first helper; else the least busy of the lead's team. Only who is an engineer and works that day.

    A lead without a team has none: whoever else has no team may be another provider's.
    """
    engineer = select(RoleGrant.person_id).where(
        RoleGrant.role == "engineer", RoleGrant.person_id != ticket.lead_id, employment.works(RoleGrant.person_id, day)
    )
    helps = (TicketHelper.person_id == RoleGrant.person_id) & (TicketHelper.ticket_id == ticket.id)
    first = engineer.join(TicketHelper, helps).order_by(RoleGrant.person_id).limit(1)
    helper = session.scalar(first)
    if helper is not None or ticket.team_id is None:
        return helper
    leads = (Ticket.lead_id == RoleGrant.person_id) & Ticket.state.in_(OPEN_STATES)
    busy = select(func.count()).select_from(Ticket).where(leads).scalar_subquery()
    of_the_team = engineer.join(Employment, Employment.id == current_employment(RoleGrant.person_id, day))
    of_the_team = of_the_team.where(Employment.team_id == ticket.team_id)
    return session.scalar(of_the_team.order_by(busy, RoleGrant.person_id).limit(1))
