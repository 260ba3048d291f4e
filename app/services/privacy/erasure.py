"""Erasing what is kept about somebody, by request or by the admin; what has to stay stays under no name."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, or_, select, true, update
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import (
    AppealPhoto,
    BindingTry,
    BindInvitation,
    CaseNote,
    Completion,
    ConsoleScan,
    Credential,
    DeliveryAttempt,
    DrawClaim,
    DrawClaimPhoto,
    DrawWinner,
    Employment,
    EnteredRatingPhoto,
    ErasureRequest,
    Event,
    EventNote,
    IdentityClaim,
    Notice,
    Person,
    Portrait,
    Rating,
    RatingDetail,
    RegisterEntry,
    RegisterFile,
    RegisterRecord,
    RoleGrant,
    SavedFilter,
    ServiceCase,
    Ticket,
    TicketNote,
    TicketPhoto,
    WeChatIdentity,
)
from app.models.case import UNANSWERED
from app.models.person import NAMELESS
from app.models.ticket import OPEN_STATES
from app.services import events
from app.services.events import About
from app.services.organisation.employment import works
from app.services.privacy import wechat_erasure
from app.services.privacy.data.ratings import rated_by
from app.services.privacy.data.subject import Subject

# The employer needs the roster: of people who still work here, only what came by WeChat and what they wrote goes.
WHOLE, WECHAT = "whole", "wechat"
MOST = 50  # requests shown at once, the oldest first


def ask(session: Session, identity_id: int, *, at: datetime) -> None:
    """Somebody asks; asking again changes nothing."""
    identity = session.get_one(WeChatIdentity, identity_id, with_for_update=True)
    if waiting_request(session, identity_id) is None:
        request = ErasureRequest(identity_id=identity_id, person_id=identity.person_id, created_at=at)
        session.add(request)


def withdraw(session: Session, identity_id: int, *, at: datetime) -> None:
    """Take the request back; binding or unbinding this phone does so too, as it is somebody else's then."""
    if (request := waiting_request(session, identity_id)) is not None:
        request.state, request.decided_at = "withdrawn", at


def waiting_request(session: Session, identity_id: int) -> ErasureRequest | None:
    """The request of this phone that waits."""
    request = ErasureRequest
    return session.scalar(select(request).where(request.identity_id == identity_id, request.state == "waiting"))


@dataclass(frozen=True)
class Waiting:
    """A request, who asks, and how far it would go."""

    request: ErasureRequest
    person: Person | None
    extent: str

    @property
    def whole(self) -> bool:
        return self.extent == WHOLE


def waiting(session: Session, *, day: date) -> list[Waiting]:
    """What is asked for, the oldest first."""
    requests = session.scalars(
        select(ErasureRequest).where(ErasureRequest.state == "waiting").order_by(ErasureRequest.created_at).limit(MOST)
    ).all()
    found = []
    for request in requests:
        person = session.get(Person, request.person_id) if request.person_id else None
        found.append(Waiting(request, person, extent(session, request.person_id, day)))
    return found


def carry_out(session: Session, request_id: int, *, by: int | None, keys: Sequence[str], at: datetime) -> str:
    """Do what was asked; raises Missing, and Refused as `wanted` and `erase` do."""
    request, subject = to_decide(session, request_id)
    held = _hold(session, subject)
    session.refresh(request)
    if request.state != "waiting":
        raise Missing("no_such_request")
    if _subject(session, request) != subject:  # the phone was bound or unbound while we waited
        raise Refused("binding_changed")
    return _erase(session, subject, *held, by=by, keys=keys, at=at)


def to_decide(session: Session, request_id: int) -> tuple[ErasureRequest, Subject]:
    """A request that waits and whom it is about; raises Missing, and Refused where the binding has changed."""
    request = session.get(ErasureRequest, request_id)
    if request is None or request.state != "waiting":
        raise Missing("no_such_request")
    return request, _subject(session, request)


def _subject(session: Session, request: ErasureRequest) -> Subject:
    """Whom a request is about: the one who asked, even after leaving WeChat; never whoever has the phone since."""
    identity = session.get_one(WeChatIdentity, request.identity_id)
    if identity.forgotten_at and request.person_id:
        return Subject.of_person(session, request.person_id)
    if identity.person_id != request.person_id:
        raise Refused("binding_changed")
    return Subject.of_identity(session, identity.id)


def extent(session: Session, person_id: int | None, day: date) -> str:
    """How far an erasure goes that day: who is on the roster stays on it."""
    employed = select(Employment.id).where(Employment.person_id == person_id, Employment.lasts(day))
    return WHOLE if session.scalar(employed.limit(1)) is None else WECHAT


def erase(session: Session, subject: Subject, *, by: int | None, keys: Sequence[str], at: datetime) -> str:
    """Erase the person as far as it goes and keep who did it; returns the extent.

    Ratings, corrections, events and completions stay as they are: what they point to says nobody any more. Raises
    Refused for oneself and for the last admin. `by` is nobody at the command line.
    """
    return _erase(session, subject, *_hold(session, subject), by=by, keys=keys, at=at)


def _hold(session: Session, subject: Subject) -> tuple[Person | None, Sequence[WeChatIdentity]]:
    """The person, then the phones: locked in this order everywhere, so that nobody waits in a circle."""
    person = session.get_one(Person, subject.person_id, with_for_update=True) if subject.person_id else None
    phones = select(WeChatIdentity).where(WeChatIdentity.id.in_(subject.identity_ids)).order_by(WeChatIdentity.id)
    return person, session.scalars(phones.with_for_update().execution_options(populate_existing=True)).all()


def _erase(
    session: Session,
    subject: Subject,
    person: Person | None,
    phones: Sequence[WeChatIdentity],
    *,
    by: int | None,
    keys: Sequence[str],
    at: datetime,
) -> str:
    if by is not None and by == subject.person_id:
        raise Refused("erases_himself")
    reach = extent(session, subject.person_id, at.date())
    _erase_wechat(session, subject, person, phones, open_too=reach == WHOLE, keys=keys, at=at)
    if person is not None and reach == WHOLE:
        _erase_person(session, person, at)
    _record(session, subject, reach, by, at)
    return reach


def close_account(session: Session, phones: Sequence[WeChatIdentity], *, keys: Sequence[str], at: datetime) -> None:
    """The user has closed the WeChat account: what came by it goes, without asking. The place on the roster stays.

    A request the user has made still waits: it may go further.
    """
    for person_id in {phone.person_id for phone in phones}:
        person = session.get_one(Person, person_id) if person_id else None
        own_phones = [phone for phone in phones if phone.person_id == person_id]
        subject = Subject(person_id, tuple(phone.id for phone in own_phones))
        reach = WHOLE if person is None else WECHAT
        _erase_wechat(session, subject, person, own_phones, open_too=person is None, keys=keys, at=at)
        session.add(_decided(_unasked(subject, at), reach, None, at))


def _erase_wechat(
    session: Session,
    subject: Subject,
    person: Person | None,
    phones: Sequence[WeChatIdentity],
    *,
    open_too: bool,
    keys: Sequence[str],
    at: datetime,
) -> None:
    _erase_words(session, subject, open_too=open_too)
    _erase_binding(session, subject, person)
    for phone in phones:
        wechat_erasure.forget(session, phone, keys=keys, at=at)
    if person is not None:
        person.reminders_since = None


def _erase_words(session: Session, subject: Subject, *, open_too: bool) -> None:
    """What they wrote and photographed. The words of a ticket that is being worked on are needed until it is done."""
    own_ratings = select(Rating.id).where(rated_by(subject))
    own_details = update(RatingDetail).where(RatingDetail.rating_id.in_(own_ratings))
    _run(session, own_details.where(RatingDetail.praise == "asked").values(praise=""))
    _run(session, own_details.values(comment="", signed=False, public=False))
    if subject.person_id is None:
        return
    anyway = true() if open_too else false()
    answered = (ServiceCase.person_id == subject.person_id, or_(anyway, ServiceCase.stage.not_in(UNANSWERED)))
    of_cases = CaseNote.case_id.in_(select(ServiceCase.id).where(*answered))
    _run(session, update(CaseNote).where(of_cases).values(text=""))
    _run(session, delete(AppealPhoto).where(AppealPhoto.case_id.in_(select(ServiceCase.id).where(*answered))))
    done = (Ticket.requester_id == subject.person_id, or_(anyway, Ticket.state.not_in(OPEN_STATES)))
    _run(session, delete(TicketPhoto).where(TicketPhoto.ticket_id.in_(select(Ticket.id).where(*done))))
    _run(session, update(Ticket).where(*done).values(description="", location=""))
    _run(session, delete(SavedFilter).where(SavedFilter.person_id == subject.person_id))
    _run(session, delete(Portrait).where(Portrait.person_id == subject.person_id))
    # What they noted, and what was noted on what they reported: it may speak of them.
    own_notes = or_(TicketNote.person_id == subject.person_id, TicketNote.ticket_id.in_(select(Ticket.id).where(*done)))
    _run(session, update(TicketNote).where(own_notes, TicketNote.text != "").values(text=""))
    # Why something was done to them, and why they did something: the events stay, the words go.
    about_them = and_(anyway, Event.subject == "person", Event.subject_id == subject.person_id)
    of_event = select(Event.id).where(
        Event.id == EventNote.event_id, or_(Event.actor_id == subject.person_id, about_them)
    )
    _run(session, update(EventNote).where(EventNote.text != "", of_event.exists()).values(text=""))
    served = or_(Ticket.requester_id == subject.person_id, Ticket.served_person_id == subject.person_id)
    signed = select(Completion.id).join(Ticket, Ticket.id == Completion.ticket_id).where(served)
    _run(session, delete(EnteredRatingPhoto).where(EnteredRatingPhoto.completion_id.in_(signed)))
    won = (DrawWinner.draw_id == DrawClaim.draw_id, DrawWinner.round == DrawClaim.round)
    handed_over = select(DrawClaim.id).join(DrawWinner, and_(*won, DrawWinner.entry == DrawClaim.entry))
    own_claims = handed_over.where(DrawWinner.person_id == subject.person_id)
    _run(session, delete(DrawClaimPhoto).where(DrawClaimPhoto.claim_id.in_(own_claims)))


def _erase_binding(session: Session, subject: Subject, person: Person | None) -> None:
    """How the phones came to be bound: tries, claims, invitations."""
    phones = subject.identity_ids
    tried: ColumnElement[bool] = BindingTry.identity_id.in_(phones)
    claimed: ColumnElement[bool] = IdentityClaim.identity_id.in_(phones)
    if person is not None:
        tried |= BindingTry.staff_number == person.staff_number
        claimed |= IdentityClaim.person_id == person.id
        _run(session, delete(BindInvitation).where(BindInvitation.person_id == person.id))
    _run(session, delete(BindingTry).where(tried))
    _run(session, delete(IdentityClaim).where(claimed))


def _erase_person(session: Session, person: Person, at: datetime) -> None:
    _refuse_last_admin(session, person.id, at.date())
    for table in (RoleGrant, Credential, ConsoleScan):
        _run(session, delete(table).where(table.person_id == person.id))
    _erase_registers(session, person.id)
    own_notices = select(Notice.id).where(Notice.person_id == person.id)
    _run(session, update(DeliveryAttempt).where(DeliveryAttempt.notice_id.in_(own_notices)).values(detail=""))
    _run(session, update(Notice).where(Notice.person_id == person.id).values(detail="", msgid=""))
    unsent = (Notice.person_id == person.id, Notice.state == "waiting")
    _run(session, update(Notice).where(*unsent).values(state="kept", reason="erased", settled_at=at))
    person.staff_number, person.name = f"erased-{secrets.token_hex(8)}", NAMELESS
    person.telephone = person.job_type = ""
    person.sign_outs += 1
    person.erased_at = at


def _erase_registers(session: Session, person_id: int) -> None:
    """Words and pictures of what is written about them; numbers, codes and days stay, under no name."""
    theirs = select(RegisterRecord.id).where(RegisterRecord.person_id == person_id)
    _run(session, delete(RegisterFile).where(RegisterFile.record_id.in_(theirs)))
    _run(session, update(RegisterEntry).where(RegisterEntry.record_id.in_(theirs)).values(words={}))
    own = update(RegisterRecord).where(RegisterRecord.person_id == person_id)
    _run(session, own.values(words={}, title="", searched=""))


def _refuse_last_admin(session: Session, person_id: int, day: date) -> None:
    admins = select(RoleGrant.person_id).where(RoleGrant.role == "admin")
    if session.scalar(admins.where(RoleGrant.person_id == person_id)) is None:
        return
    others = admins.where(RoleGrant.person_id != person_id, works(RoleGrant.person_id, day))
    if session.scalar(others.limit(1)) is None:
        raise Refused("last_admin")


def _record(session: Session, subject: Subject, reach: str, by: int | None, at: datetime) -> None:
    """Every waiting request of the person is answered by this; where there is none, it is written down all the same."""
    of_subject = or_(
        ErasureRequest.identity_id.in_(subject.identity_ids), ErasureRequest.person_id == (subject.person_id or 0)
    )
    requests = session.scalars(select(ErasureRequest).where(of_subject, ErasureRequest.state == "waiting")).all()
    session.add_all(_decided(request, reach, by, at) for request in requests or [_unasked(subject, at)])
    if subject.person_id is not None:
        data = {"extent": reach}
        events.append(session, About(subject.person_id), "erased", by=by, at=at, channel="console", data=data)


def _unasked(subject: Subject, at: datetime) -> ErasureRequest:
    identity = subject.identity_ids[0] if subject.person_id is None else None
    return ErasureRequest(identity_id=identity, person_id=subject.person_id, created_at=at)


def _decided(request: ErasureRequest, reach: str, by: int | None, at: datetime) -> ErasureRequest:
    request.state, request.extent, request.decided_at, request.decided_by_id = "done", reach, at, by
    return request


def _run(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
