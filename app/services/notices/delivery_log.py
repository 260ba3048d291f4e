"""Why a notice did not arrive: each with what came of it on every channel, and what would reach the person now."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.models import ChannelOutage, DeliveryAttempt, Event, Notice, Person, SubscriptionCredit, Ticket, WeChatIdentity
from app.models.kinds import INBOX_ONLY, PROVIDER_SEES_NOTICES
from app.pagination import Cursor, Line, Page, Query, newest_first
from app.services.notices.channels import Channel, ChannelOrder
from app.services.organisation import employment

MOST = 50
# The latest written first; the first; of what is still to be sent, what is tried next.
ORDERS = ("", "oldest", "next")
LAST_KNOWN = timedelta(days=90)


@dataclass(frozen=True)
class Delivery:
    notice: Notice
    person: str
    staff_number: str
    number: str | None
    tries: Sequence[DeliveryAttempt]

    @property
    def waiting(self) -> bool:
        return self.notice.state == "waiting"

    @property
    def trouble(self) -> str:
        """Why it has not been sent, as a code; empty once it was."""
        return "" if self.notice.state == "sent" else self.notice.reason


@dataclass(frozen=True)
class Reach:
    """One channel to one person, as far as we know."""

    channel: str
    state: str
    at: datetime | None = None
    credits: int | None = None


def find(
    session: Session, *, for_provider: bool, state: str = "", order: str = "", after: Cursor | None = None
) -> Page:
    """Notices, newest first, of one state or of all; what is told to one person alone is not among them."""
    query = (
        select(
            Notice.id,
            Notice.kind,
            Notice.state,
            Notice.outcome,
            Notice.reason,
            Notice.detail,
            Notice.attempts,
            Notice.next_try_at,
            Notice.created_at,
            Notice.settled_at,
            Person.name.label("person"),
            Person.staff_number,
            Ticket.number,
        )
        .join(Person, Person.id == Notice.person_id)
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(Notice.kind.not_in(INBOX_ONLY))
    )
    if for_provider:
        query = query.where(Notice.kind.in_(PROVIDER_SEES_NOTICES))
    if state:
        query = query.where(Notice.state == state)
    if order == "next":
        query = query.where(Notice.settled_at.is_(None))
        return newest_first(session, query, Notice.next_try_at, Notice.id, after=after, oldest=True)
    return newest_first(session, query, Notice.created_at, Notice.id, after=after, oldest=order == "oldest")


def of_ticket(session: Session, ticket_id: int, *, for_provider: bool) -> list[Delivery]:
    """In the order they were written."""
    query = _notices().where(Notice.ticket_id == ticket_id).order_by(Notice.created_at, Notice.id)
    if for_provider:
        query = query.where(Notice.kind.in_(PROVIDER_SEES_NOTICES))
    return _with_tries(session, session.execute(query).all())


def of_person(session: Session, person_id: int) -> list[Delivery]:
    """The last ones, the newest first."""
    query = _notices().where(Notice.person_id == person_id)
    return _with_tries(
        session, session.execute(query.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(MOST)).all()
    )


def reasons_not_notified(session: Session, ticket: Ticket, *, for_provider: bool) -> list[str]:
    """Why somebody who might expect a notice about this ticket was sent none, as codes."""
    events = set(session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).distinct()))
    if "recorded" in events:
        return ["imported"]
    found = []
    if ticket.lead_id is None:
        found.append("nobody_dispatched")
    if not ticket.rateable:
        found.append("serves_nobody")
    elif ticket.served_person_id is None and ticket.requester_id is None:
        found.append("whole_department")
    elif "finished" not in events:
        found.append("not_finished")
    elif not for_provider and ticket.served_person_id and not _wants_reminders(session, ticket.served_person_id):
        found.append("no_reminder_wanted")
    return found


def recipients(session: Session, ticket: Ticket, *, for_provider: bool) -> Sequence[Line]:
    """Whom notices about this ticket go to: its engineer and whoever it serves.

    What reaches a user is not the provider's to know: the moment of the last message may be that of an answer to a
    complaint.
    """
    user = None if for_provider else ticket.served_person_id or ticket.requester_id
    ids = {ticket.lead_id, user} - {None}
    return session.execute(
        select(Person.id, Person.name, Person.staff_number).where(Person.id.in_(ids)).order_by(Person.id)
    ).all()


def reachability(
    session: Session, order: ChannelOrder, stops: Sequence[ChannelOutage], person_id: int, *, at: datetime
) -> list[Reach]:
    """What would reach the person now, in the order in which it is tried."""
    roles = employment.roles_at(session, person_id, at.date())
    stopped = {stop.channel: stop for stop in stops if not stop.kind}
    found = []
    for way in order.ways:
        if way.channel in stopped:
            found.append(Reach(way.channel, "stopped", stopped[way.channel].since))
        elif way.channel == "robot":
            found.append(Reach("robot", "group" if "engineer" in roles else "not_for_group"))
        else:
            found.append(_reach(session, way, person_id, at))
    return found


def _reach(session: Session, way: Channel, person_id: int, at: datetime) -> Reach:
    identity = session.scalar(
        select(WeChatIdentity).where(WeChatIdentity.person_id == person_id, WeChatIdentity.appid == way.account)
    )
    if identity is None and not way.staff_numbers:
        return Reach(way.channel, "not_bound")
    left = None
    if way.channel == "mini" and identity is not None:
        kept = select(func.sum(SubscriptionCredit.credits)).where(SubscriptionCredit.identity_id == identity.id)
        left = session.scalar(kept) or 0
        if not left:
            return Reach(way.channel, "no_credit", credits=0)
    last = _last_try(session, way.channel, person_id, at)
    bound_at = identity.bound_at if identity else None
    # What was said before this phone was bound says nothing of it.
    if last is None or (bound_at and last.at < bound_at):
        return Reach(way.channel, "bound", bound_at, left)
    return Reach(way.channel, "reached" if last.outcome == "sent" else last.reason, last.at, left)


def _last_try(session: Session, channel: str, person_id: int, at: datetime) -> DeliveryAttempt | None:
    """What the channel last said of the person, and not of itself or of one message."""
    about_person = DeliveryAttempt.reason.in_(("not_following", "user_block", "not_in_wecom")) | (
        DeliveryAttempt.outcome == "sent"
    )
    return session.scalar(
        select(DeliveryAttempt)
        .join(Notice, Notice.id == DeliveryAttempt.notice_id)
        .where(
            Notice.person_id == person_id,
            Notice.created_at > at - LAST_KNOWN,
            DeliveryAttempt.channel == channel,
            about_person,
        )
        .order_by(DeliveryAttempt.at.desc(), DeliveryAttempt.id.desc())
        .limit(1)
    )


@cache
def _notices() -> Query:
    reader = aliased(Person)
    return (
        select(Notice, reader.name.label("person"), reader.staff_number, Ticket.number)
        .join(reader, reader.id == Notice.person_id)
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(Notice.kind.not_in(INBOX_ONLY))
    )


def _with_tries(session: Session, rows: Sequence[Line]) -> list[Delivery]:
    tries = defaultdict(list)
    query = select(DeliveryAttempt).where(DeliveryAttempt.notice_id.in_([row.Notice.id for row in rows]))
    for one in session.scalars(query.order_by(DeliveryAttempt.at, DeliveryAttempt.id)):
        tries[one.notice_id].append(one)
    return [Delivery(row.Notice, row.person, row.staff_number, row.number, tries[row.Notice.id]) for row in rows]


def _wants_reminders(session: Session, person_id: int) -> bool:
    return session.scalar(select(Person.reminders_since).where(Person.id == person_id)) is not None
