"""What is needed no more goes after the hospital's days. Ratings, events and completions never do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from app.db import Base, insert_first
from app.models import (
    ApiSession,
    AppealPhoto,
    BindingTry,
    BindInvitation,
    ConsoleScan,
    Counter,
    DeliveryAttempt,
    DrawClaim,
    DrawClaimPhoto,
    Employment,
    EnteredRatingPhoto,
    Event,
    EventNote,
    IdempotentPost,
    IntegrationPost,
    Notice,
    OAuthAttempt,
    Person,
    RatingDetail,
    RegisterFile,
    RegisterRecord,
    Ticket,
    TicketNote,
    TicketPhoto,
    WebhookAttempt,
    WebhookDelivery,
)
from app.models.ticket import OPEN_STATES
from app.services import images
from config.retention import RetentionSettings

BATCH = 500  # rows in one transaction, so that nobody waits for it
REPEATS = timedelta(days=2)  # longer than any answer may be asked for again

AT_IT = timedelta(hours=1)  # whoever takes longer is joined by another, which does no harm
A_NIGHT = timedelta(hours=12)


@dataclass(frozen=True)
class Rule:
    """Rows of a table that fit `old` are deleted, or emptied where `emptied` says how."""

    name: str
    table: type[Base]
    old: Sequence[ColumnElement[bool]]
    emptied: dict[str, Any] | None = None


def rules(kept: RetentionSettings, *, at: datetime) -> Iterator[Rule]:
    """In the order they have to be followed: what points to a row goes before it."""
    yield _emptied("codes", BindInvitation, "code", BindInvitation.expires_at < at)
    if kept.comment:
        yield _emptied("comments", RatingDetail, "comment", RatingDetail.at < at - timedelta(kept.comment))
        yield _emptied("notes", TicketNote, "text", TicketNote.at < at - timedelta(kept.comment))
        of_event = select(Event.id).where(Event.id == EventNote.event_id, Event.at < at - timedelta(kept.comment))
        yield _emptied("reasons", EventNote, "text", of_event.exists())
    if kept.photo:
        yield from _reports(at - timedelta(kept.photo))
    if kept.notice:
        yield from _notices(at - timedelta(kept.notice))
    if kept.sign_in:
        yield from _sign_ins(at - timedelta(kept.sign_in))
    if kept.leaver:
        yield _emptied("telephones", Person, "telephone", *_left((at - timedelta(kept.leaver)).date()))
    yield Rule("repeats", IdempotentPost, [IdempotentPost.at < at - REPEATS])
    yield Rule("repeats_of_systems", IntegrationPost, [IntegrationPost.at < at - REPEATS])


def count(session: Session, rule: Rule) -> int:
    return session.scalar(select(func.count()).select_from(rule.table).where(*rule.old)) or 0


def apply(session: Session, rule: Rule, *, most: int) -> int:
    """Follow the rule for so many rows at most; how many it was. Safe to run in any number of workers at once."""
    key = tuple(rule.table.__table__.primary_key)
    these = tuple_(*key).in_(select(*key).where(*rule.old).limit(most))
    statement: Any = delete(rule.table) if rule.emptied is None else update(rule.table).values(rule.emptied)
    done: Any = session.execute(statement.where(these).execution_options(synchronize_session=False))
    return int(done.rowcount)


def begin(session: Session, *, at: datetime) -> bool:
    """Whether this worker does the night's work: nobody has done it, or is at it."""
    insert_first(session, Counter, name="retention", value=0)
    free = update(Counter).where(Counter.name == "retention", Counter.value <= _minute(at))
    done: Any = session.execute(free.values(value=_minute(at + AT_IT)).execution_options(synchronize_session=False))
    return int(done.rowcount) == 1


def finish(session: Session, *, at: datetime) -> None:
    """The night's work is done; before this, another worker takes it up again after a while."""
    again = update(Counter).where(Counter.name == "retention").values(value=_minute(at + A_NIGHT))
    session.execute(again.execution_options(synchronize_session=False))


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _emptied(name: str, table: type[Base], column: str, *old: ColumnElement[bool]) -> Rule:
    return Rule(name, table, [getattr(table, column) != "", *old], {column: ""})


def _reports(before: datetime) -> Iterator[Rule]:
    done = (Ticket.reported_at < before, Ticket.state.not_in(OPEN_STATES))
    of_these = select(Ticket.id).where(Ticket.id == TicketPhoto.ticket_id, *done)
    yield Rule("photos", TicketPhoto, [TicketPhoto.at < before, of_these.exists()])
    yield Rule("appeal_photos", AppealPhoto, [AppealPhoto.at < before])
    of_people = select(RegisterRecord.id).where(
        RegisterRecord.id == RegisterFile.record_id, RegisterRecord.person_id.is_not(None)
    )
    pictures = RegisterFile.media_type == images.MEDIA_TYPE
    yield Rule("register_photos", RegisterFile, [RegisterFile.at < before, pictures, of_people.exists()])
    yield Rule("slip_photos", EnteredRatingPhoto, [EnteredRatingPhoto.at < before])
    handed_over = select(DrawClaim.id).where(DrawClaim.id == DrawClaimPhoto.claim_id, DrawClaim.at < before)
    yield Rule("claim_photos", DrawClaimPhoto, [handed_over.exists()])
    yield _emptied("locations", Ticket, "location", *done)


def _notices(before: datetime) -> Iterator[Rule]:
    old = (Notice.created_at < before, Notice.state.not_in(("waiting", "sending")))
    of_these = select(Notice.id).where(Notice.id == DeliveryAttempt.notice_id, *old)
    yield Rule("notice_tries", DeliveryAttempt, [of_these.exists()])
    left = select(DeliveryAttempt.id).where(DeliveryAttempt.notice_id == Notice.id)
    yield Rule("notices", Notice, [*old, ~left.exists()])
    settled = (WebhookDelivery.created_at < before, WebhookDelivery.settled_at.is_not(None))
    of_these = select(WebhookDelivery.id).where(WebhookDelivery.id == WebhookAttempt.delivery_id, *settled)
    yield Rule("webhook_tries", WebhookAttempt, [of_these.exists()])
    left = select(WebhookAttempt.id).where(WebhookAttempt.delivery_id == WebhookDelivery.id)
    yield Rule("webhooks", WebhookDelivery, [*settled, ~left.exists()])


def _sign_ins(before: datetime) -> Iterator[Rule]:
    yield Rule("sign_ins", OAuthAttempt, [OAuthAttempt.expires_at < before])
    yield Rule("console_scans", ConsoleScan, [ConsoleScan.expires_at < before])
    yield Rule("sessions", ApiSession, [ApiSession.refresh_expires_at < before])
    yield Rule("binding_tries", BindingTry, [BindingTry.at < before])
    yield Rule("invitations", BindInvitation, [BindInvitation.expires_at < before])


def _left(before: date) -> tuple[ColumnElement[bool], ...]:
    """Whose every employment ended before that day; whoever never had one did not leave."""
    job = select(Employment.id).where(Employment.person_id == Person.id)
    return job.exists(), ~job.where(Employment.lasts(before)).exists()
