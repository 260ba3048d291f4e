"""What is sent to other systems: made from the feed, never by whoever writes an event; each once for each endpoint."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db import announce
from app.errors import Missing, Refused
from app.models import Category, Department, Event, FeedEntry, Ticket, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from app.models.kinds import EVENTS
from app.pagination import Cursor, Line, Page, newest_first
from app.services import feed

# By the kind of event. That a ticket was rated is told as a fact: never the level, nor by whom.
TYPES: dict[str, str] = {
    "reported": "ticket.created",
    **{kind: "ticket.moved" for kind, about in EVENTS.items() if about.moves and kind not in {"reported", "closed"}},
    "paused": "ticket.moved",
    "resumed": "ticket.moved",
    "closed": "ticket.closed",
    "rated": "ticket.rated",
}
OFFERED = tuple(dict.fromkeys(TYPES.values()))
RATED = "ticket.rated"
BATCH = 500
LEASE = timedelta(minutes=2)
# As Standard Webhooks proposes; after the last it is given up.
PAUSES = [timedelta(seconds=number) for number in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)]
LONGEST_PAUSE = timedelta(days=1)
GONE = 410
LONGEST_URL = 500


@dataclass(frozen=True)
class Message:
    """One delivery as it is sent; `attempt` counts from 1."""

    delivery_id: int
    endpoint_id: int
    url: str
    message_id: str
    body: bytes = field(repr=False)
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """`status` where there was an answer, `reason` a code where there was none."""

    status: int | None = None
    reason: str = ""
    after: timedelta | None = None
    """What the receiver asked for (Retry-After)."""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def add(
    session: Session, *, name: str, url: str, types: Sequence[str], of_hospital: bool = False, by: int, at: datetime
) -> WebhookEndpoint:
    """It is told of what comes from now on; that a ticket was rated, only where the provider cannot read it (law 11).

    Raises Refused.
    """
    if len(url) > LONGEST_URL or not _is_address(url):
        raise Refused("webhook_url")
    if not name or not types or not set(types) <= set(OFFERED):
        raise Refused("webhook_incomplete")
    if RATED in types and not of_hospital:
        raise Refused("webhook_rated")
    last = session.scalar(select(func.max(FeedEntry.seq))) or 0
    endpoint = WebhookEndpoint(name=name, url=url, types=sorted(types), seq=last, created_at=at, created_by_id=by)
    session.add(endpoint)
    session.flush()
    return endpoint


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"https", "http"} and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:  # a bracket too few, a port there is not
        return False


def get(session: Session, endpoint_id: int, *, lock: bool = False) -> WebhookEndpoint:
    found = session.get(WebhookEndpoint, endpoint_id, with_for_update=lock)
    if found is None:
        raise Missing("no_such_webhook")
    return found


def switch(session: Session, endpoint_id: int, *, on: bool) -> None:
    """Switched on again it goes on where it was: what happened meanwhile is sent late."""
    get(session, endpoint_id, lock=True).state = "on" if on else "off"
    announce(session, "webhooks")


def take_up(session: Session, endpoint_id: int, *, at: datetime) -> int:
    """Make deliveries of what the feed has for this endpoint; how many events were read. Safe to be done by several."""
    endpoint = get(session, endpoint_id, lock=True)
    if endpoint.state != "on":
        return 0
    rows = feed.read(session, after=endpoint.seq, most=BATCH)
    for row in rows:
        kind = TYPES.get(row.Event.kind)
        if kind in endpoint.types and row.Event.channel != "import":
            about = {"endpoint_id": endpoint.id, "event_id": row.Event.id, "type": kind}
            about |= {"message_id": f"msg_{secrets.token_hex(12)}", "next_try_at": at, "created_at": at}
            session.add(WebhookDelivery(**about))
    if rows:
        endpoint.seq = rows[-1].seq
    return len(rows)


def endpoints_on(session: Session) -> Sequence[int]:
    return session.scalars(select(WebhookEndpoint.id).where(WebhookEndpoint.state == "on")).all()


def claim(session: Session, *, at: datetime, most: int) -> list[Message]:
    """Some of what is due, for this worker alone until the lease ends."""
    due = (
        select(WebhookDelivery.id)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(
            WebhookDelivery.state.in_(("waiting", "sending")),
            WebhookDelivery.next_try_at <= at,
            WebhookEndpoint.state == "on",
        )
        .order_by(WebhookDelivery.next_try_at)
        .limit(most)
        .with_for_update(skip_locked=True, of=WebhookDelivery)
    )
    ids = session.scalars(due).all()
    claimed = (
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(ids))
        .values(state="sending", next_try_at=at + LEASE, attempts=WebhookDelivery.attempts + 1)
    )
    session.execute(claimed.execution_options(synchronize_session=False))
    return [_message(row) for row in session.execute(_rows(ids))]


def record(session: Session, message: Message, outcome: Outcome, *, at: datetime) -> None:
    """What came of one try."""
    delivery = session.get_one(WebhookDelivery, message.delivery_id, with_for_update=True)
    session.add(WebhookAttempt(delivery_id=delivery.id, at=at, status=outcome.status, reason=outcome.reason))
    if delivery.attempts != message.attempt or delivery.state != "sending":
        return  # the lease ran out; another has tried since
    delivery.status, delivery.reason = outcome.status, outcome.reason
    if outcome.accepted:
        delivery.state, delivery.settled_at = "sent", at
    elif outcome.status == GONE:
        delivery.state, delivery.settled_at = "failed", at
        get(session, message.endpoint_id, lock=True).state = "gone"
    elif message.attempt > len(PAUSES):
        delivery.state, delivery.settled_at = "failed", at
    else:
        pause = PAUSES[message.attempt - 1]
        jitter = pause * secrets.randbelow(100) / 1000
        delivery.state = "waiting"
        delivery.next_try_at = at + max(pause + jitter, min(outcome.after or timedelta(), LONGEST_PAUSE))


def again(session: Session, delivery_id: int, *, at: datetime) -> int:
    """Send it once more now, whatever became of it; its endpoint's id. The receiver knows it by the same message id."""
    delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise Missing("no_such_webhook")
    delivery.state, delivery.attempts, delivery.next_try_at, delivery.settled_at = "waiting", 0, at, None
    announce(session, "webhooks")
    return delivery.endpoint_id


def next_due(session: Session) -> datetime | None:
    query = select(func.min(WebhookDelivery.next_try_at)).join(
        WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id
    )
    return session.scalar(query.where(WebhookDelivery.state.in_(("waiting", "sending")), WebhookEndpoint.state == "on"))


def deliveries(session: Session, endpoint_id: int, *, state: str, after: Cursor | None) -> Page:
    query = (
        select(WebhookDelivery, Ticket.number)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .join(Ticket, Ticket.id == Event.ticket_id)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
    )
    if state:
        query = query.where(WebhookDelivery.state == state)
    return newest_first(session, query, WebhookDelivery.created_at, WebhookDelivery.id, after=after)


def listed(session: Session) -> Sequence[Line]:
    """Every endpoint with how many wait and how many were given up."""
    counted = (
        select(
            WebhookDelivery.endpoint_id,
            func.count().filter(WebhookDelivery.state.in_(("waiting", "sending"))).label("waiting"),
            func.count().filter(WebhookDelivery.state == "failed").label("failed"),
        )
        .group_by(WebhookDelivery.endpoint_id)
        .subquery()
    )
    query = select(WebhookEndpoint, func.coalesce(counted.c.waiting, 0).label("waiting"))
    query = query.add_columns(func.coalesce(counted.c.failed, 0).label("failed"))
    query = query.outerjoin(counted, counted.c.endpoint_id == WebhookEndpoint.id)
    return session.execute(query.order_by(WebhookEndpoint.id)).all()


def _rows(ids: Sequence[int]) -> Any:
    return (
        select(
            WebhookDelivery.id,
            WebhookDelivery.endpoint_id,
            WebhookDelivery.type,
            WebhookDelivery.message_id,
            WebhookDelivery.attempts,
            WebhookEndpoint.url,
            Event.state,
            Event.kind,
            Event.cycle,
            Event.at,
            Event.recorded_at,
            Ticket.number,
            Ticket.source,
            Ticket.priority,
            Category.code.label("category"),
            Department.code.label("department"),
        )
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .join(Ticket, Ticket.id == Event.ticket_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .where(WebhookDelivery.id.in_(ids))
    )


def _message(row: Line) -> Message:
    """Numbers, ids and codes; no name, no words of anybody."""
    ticket = {"number": row.number, "cycle": row.cycle}
    if row.type != RATED:
        state = row.state or row.kind
        facts = {"source": row.source, "priority": row.priority, "category": row.category, "department": row.department}
        ticket |= {"state": state, **facts, "recorded_at": row.recorded_at.isoformat()}
    body = {"type": row.type, "timestamp": row.at.isoformat(), "data": {"ticket": ticket}}
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Message(row.id, row.endpoint_id, row.url, row.message_id, written, row.attempts)
