"""What is kept about somebody: one list of groups, for their own page, for the file they download, for the admin."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import (
    ApiSession,
    BindingTry,
    BindInvitation,
    Category,
    Complaint,
    Completion,
    ConsoleScan,
    CountedRating,
    Credential,
    Employment,
    EnteredRating,
    EnteredRatingPhoto,
    ErasureRequest,
    Event,
    IdentityClaim,
    Inbound,
    Notice,
    Person,
    Rating,
    RatingCorrection,
    RatingDetail,
    RoleGrant,
    SubscriptionCredit,
    Ticket,
    TicketHelper,
    TicketPhoto,
    WeChatIdentity,
)
from app.pagination import Query
from app.services.organisation import employment
from app.services.privacy import personal_data_draws


@dataclass(frozen=True)
class Subject:
    """Whose data: a person with the WeChat identities bound to them, or one identity that is bound to nobody."""

    person_id: int | None
    identity_ids: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """One kind of data: how many rows there are, and some of them, the newest first."""

    code: str
    count: int
    rows: Sequence[Mapping[str, Any]]

    @property
    def cut(self) -> bool:
        return self.count > len(self.rows)


def of_identity(session: Session, identity_id: int) -> Subject:
    identity = session.get_one(WeChatIdentity, identity_id)
    return Subject(None, (identity_id,)) if identity.person_id is None else of_person(session, identity.person_id)


def of_person(session: Session, person_id: int) -> Subject:
    bound = select(WeChatIdentity.id).where(WeChatIdentity.person_id == person_id).order_by(WeChatIdentity.id)
    return Subject(person_id, tuple(session.scalars(bound)))


def of_staff_number(session: Session, staff_number: str) -> Subject:
    """Raises Missing."""
    person_id = session.scalar(select(Person.id).where(Person.staff_number == staff_number.strip()))
    if person_id is None:
        raise Missing("no_such_person")
    return of_person(session, person_id)


def groups(session: Session, subject: Subject, *, most: int | None = None) -> list[Group]:
    """Everything kept about the subject, without what is empty; at most so many rows of each group."""
    found = []
    for code, query in GROUPS.items():
        wanted = query(subject)
        rows = [{**row} for row in session.execute(wanted.limit(most)).mappings()]
        count = len(rows)
        if count == most:
            count = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
        if count:
            found.append(Group(code, count, rows))
    return found


def counts(session: Session, subject: Subject) -> dict[str, int]:
    """How much there is of each kind."""
    return {group.code: group.count for group in groups(session, subject, most=1)}


def as_json(found: Sequence[Group], *, at: datetime, indent: int | None = None) -> str:
    """All of it as a file for another program: moments with their zone, codes as they are kept."""
    kept = {group.code: group.rows for group in found}
    return json.dumps({"at": at, "kept": kept}, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: date | datetime) -> str:
    return value.isoformat()


def rated_by(subject: Subject) -> ColumnElement[bool]:
    """The subject's ratings: those of their identities, and those that count for them, from a phone they had before."""
    counted = select(CountedRating.rating_id).where(_is(CountedRating.person_id, subject))
    return or_(Rating.identity_id.in_(subject.identity_ids), Rating.id.in_(counted))


def _is(column: Any, subject: Subject) -> ColumnElement[bool]:
    # Nobody's id: for who is bound to nobody no row fits, not those whose column is empty.
    return column == (subject.person_id or 0)  # type: ignore[no-any-return]


def _person(subject: Subject) -> Query:
    columns = (Person.staff_number, Person.name, Person.telephone, Person.job_type, Person.reminders_since)
    return select(*columns).where(_is(Person.id, subject))


def _employments(subject: Subject) -> Query:
    return employment.employments(_is(Employment.person_id, subject))


def _roles(subject: Subject) -> Query:
    return select(RoleGrant.role).where(_is(RoleGrant.person_id, subject)).order_by(RoleGrant.role)


def _bindings(subject: Subject) -> Query:
    identity = WeChatIdentity
    return (
        select(
            identity.appid.label("account"),
            identity.first_seen_at,
            identity.bound_at,
            identity.privacy_version,
            identity.privacy_at,
            identity.unionid.is_not(None).label("unionid_known"),
        )
        .where(identity.id.in_(subject.identity_ids))
        .order_by(identity.id.desc())
    )


def _tickets(subject: Subject) -> Query:
    return (
        select(
            Ticket.number,
            Ticket.reported_at,
            Ticket.state,
            Category.name.label("category"),
            Ticket.description,
            Ticket.location,
        )
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.id.in_(_any_of(_reported(subject))))
        .order_by(Ticket.reported_at.desc())
    )


def _photos(subject: Subject) -> Query:
    return (
        select(Ticket.number.label("ticket"), TicketPhoto.at, TicketPhoto.media_type)
        .join(Ticket, Ticket.id == TicketPhoto.ticket_id)
        .where(_is(Ticket.requester_id, subject))
        .order_by(TicketPhoto.id.desc())
    )


def _ratings(subject: Subject) -> Query:
    return (
        select(
            Ticket.number.label("ticket"),
            Rating.at,
            Rating.level,
            Rating.source,
            CountedRating.rating_id.is_not(None).label("counted"),
            RatingCorrection.level.label("corrected_to"),
            RatingCorrection.at.label("corrected_at"),
            RatingDetail.reasons,
            RatingDetail.quality,
            RatingDetail.faces,
            RatingDetail.comment,
            RatingDetail.praise,
            RatingDetail.pressed,
        )
        .join(Completion, Completion.id == Rating.completion_id)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(CountedRating, CountedRating.rating_id == Rating.id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
        .where(rated_by(subject))
        .order_by(Rating.at.desc())
    )


def _entered(subject: Subject) -> Query:
    """What was ticked on paper or said on the telephone: it belongs to whoever was served, else to the requester."""
    served, photo = func.coalesce(Ticket.served_person_id, Ticket.requester_id), EnteredRatingPhoto.completion_id
    return (
        select(
            Ticket.number.label("ticket"),
            EnteredRating.source.label("entered"),
            EnteredRating.level,
            EnteredRating.given_at,
            EnteredRating.at,
            photo.is_not(None).label("photo"),
        )
        .join(Completion, Completion.id == EnteredRating.completion_id)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(EnteredRatingPhoto, photo == EnteredRating.completion_id)
        .where(Ticket.id.in_(_any_of(_reported(subject))), _is(served, subject))
        .order_by(EnteredRating.at.desc())
    )


def _complaints(subject: Subject) -> Query:
    return (
        select(
            Ticket.number.label("ticket"),
            Complaint.at,
            Complaint.text,
            Complaint.state.label("complaint"),
            Complaint.answer,
            Complaint.answered_at,
        )
        .join(Ticket, Ticket.id == Complaint.ticket_id)
        .where(_is(Complaint.person_id, subject))
        .order_by(Complaint.at.desc())
    )


def _work(subject: Subject) -> Query:
    return (
        select(Ticket.number, Ticket.reported_at, Ticket.state, Ticket.finished_at)
        .where(Ticket.id.in_(_any_of(_worked_on(subject))))
        .order_by(Ticket.reported_at.desc())
    )


def _acts(subject: Subject) -> Query:
    own_tickets = _any_of([*_worked_on(subject), *_reported(subject)])
    return (
        select(Ticket.number.label("ticket"), Event.at, Event.kind.label("act"), Event.channel.label("by_way_of"))
        .join(Ticket, Ticket.id == Event.ticket_id)
        .where(_is(Event.actor_id, subject), Event.ticket_id.in_(own_tickets))
        .order_by(Event.at.desc(), Event.id.desc())
    )


def _reported(subject: Subject) -> list[Query]:
    return [
        select(Ticket.id).where(_is(Ticket.requester_id, subject)),
        select(Ticket.id).where(_is(Ticket.served_person_id, subject)),
    ]


def _worked_on(subject: Subject) -> list[Query]:
    return [
        select(Ticket.id).where(_is(Ticket.lead_id, subject)),
        select(TicketHelper.ticket_id).where(_is(TicketHelper.person_id, subject)),
    ]


def _any_of(queries: Sequence[Query]) -> Any:
    """Each by its own index, where an OR would read the whole table."""
    return union(*queries).scalar_subquery()


def _notices(subject: Subject) -> Query:
    return (
        select(
            Notice.kind.label("notice"),
            Ticket.number.label("ticket"),
            Notice.created_at,
            Notice.state.label("notice_state"),
            Notice.opened_at,
        )
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(_is(Notice.person_id, subject))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
    )


def _binding_tries(subject: Subject) -> Query:
    return (
        select(BindingTry.at, BindingTry.staff_number, BindingTry.succeeded)
        .where(BindingTry.identity_id.in_(subject.identity_ids))
        .order_by(BindingTry.at.desc())
    )


def _claims(subject: Subject) -> Query:
    return (
        select(IdentityClaim.state.label("claim"), IdentityClaim.created_at, IdentityClaim.decided_at)
        .where(or_(_is(IdentityClaim.person_id, subject), IdentityClaim.identity_id.in_(subject.identity_ids)))
        .order_by(IdentityClaim.created_at.desc())
    )


def _invitations(subject: Subject) -> Query:
    return (
        select(BindInvitation.created_at, BindInvitation.expires_at, BindInvitation.used_at)
        .where(_is(BindInvitation.person_id, subject))
        .order_by(BindInvitation.created_at.desc())
    )


def _subscriptions(subject: Subject) -> Query:
    credit = SubscriptionCredit
    return select(credit.template_id, credit.credits, credit.refused, credit.updated_at).where(
        credit.identity_id.in_(subject.identity_ids)
    )


def _sessions(subject: Subject) -> Query:
    return (
        select(ApiSession.issued_at, ApiSession.refresh_expires_at.label("valid_to"), ApiSession.revoked_at)
        .where(ApiSession.identity_id.in_(subject.identity_ids))
        .order_by(ApiSession.issued_at.desc())
    )


def _messages(subject: Subject) -> Query:
    identity = WeChatIdentity
    return (
        select(Inbound.kind, Inbound.event, Inbound.received_at)
        .join(identity, and_(identity.appid == Inbound.appid, identity.openid == Inbound.openid))
        .where(identity.id.in_(subject.identity_ids))
        .order_by(Inbound.received_at.desc())
    )


def _console(subject: Subject) -> Query:
    return select(Credential.failures, Credential.locked_until).where(_is(Credential.person_id, subject))


def _console_scans(subject: Subject) -> Query:
    return select(ConsoleScan.confirmed_at).where(_is(ConsoleScan.person_id, subject))


def _requests(subject: Subject) -> Query:
    request = ErasureRequest
    return (
        select(request.state.label("erasure"), request.created_at, request.decided_at)
        .where(or_(_is(request.person_id, subject), request.identity_id.in_(subject.identity_ids)))
        .order_by(request.created_at.desc())
    )


GROUPS: Mapping[str, Callable[[Subject], Query]] = {
    "person": _person,
    "employments": _employments,
    "roles": _roles,
    "bindings": _bindings,
    "tickets": _tickets,
    "photos": _photos,
    "ratings": _ratings,
    "entered": _entered,
    "receipts": lambda subject: personal_data_draws.receipts(subject.person_id or 0),
    "prizes": lambda subject: personal_data_draws.prizes(subject.person_id or 0),
    "objections": lambda subject: personal_data_draws.objections(subject.person_id or 0),
    "complaints": _complaints,
    "work": _work,
    "acts": _acts,
    "notices": _notices,
    "binding_tries": _binding_tries,
    "claims": _claims,
    "invitations": _invitations,
    "subscriptions": _subscriptions,
    "sessions": _sessions,
    "messages": _messages,
    "console": _console,
    "console_scans": _console_scans,
    "requests": _requests,
}
