"""A case is opened: at once, with what causes it, and whoever supervises is told in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import Executor, insert_first
from app.models import CaseNote, Employment, RoleGrant, ServiceCase
from app.services import events
from app.services.cases import limits
from app.services.events import About, Recorded
from app.services.notices import outbox
from app.services.organisation import duty, employment

RECEIVED = {"stage": "received", "acts": 0, "calls": 0, "recoveries": 0, "closed_by": ""}


@dataclass(frozen=True)
class Cause:
    """Why there is a case, and about what: a ticket and its cycle, the service as a whole, or a supervisor."""

    reason: str
    ticket_id: int | None = None
    cycle: int | None = None
    rating_id: int | None = None
    person_id: int | None = None
    about: str = "ticket"
    hidden: bool = False
    callable: bool = False
    """Somebody who is on no roster left a telephone number."""


def open_case(session: Session, cause: Cause, *, by: int | None, at: datetime, channel: str) -> Recorded | None:
    """The event of its opening; None where there is a case of this cause. `at` is in the hospital's zone."""
    known = {name: value for name, value in vars(cause).items() if name != "callable"}
    case = ServiceCase(**known, source=channel, opened_at=at, call_due_at=at if cause.callable else None)
    limits.set_for(case, opened_at=at, hours=limits.hours(session, at))
    dues = {name: getattr(case, name) for name in ("call_due_at", "answer_due_at", "close_due_at", "next_due_at")}
    values = {**known, **dues, **RECEIVED, "source": channel, "opened_at": at, "pressed": cause.reason == "pressure"}
    case_id = insert_first(session, ServiceCase, **values)
    if case_id is None:
        return None
    about, data = About(case_id, cause.ticket_id, cause.cycle), {"case": case_id, "reason": cause.reason}
    event = events.append(session, about, "case_opened", by=by, at=at, channel=channel, data=data)
    tell_supervision(session, "case_opened", event, about=cause.about, at=at)
    return event


def open_low_score(db: Executor, cause: Cause, *, at: datetime, channel: str) -> None:
    """Of a rating that counts; the caller has opened a transaction for it."""
    if not isinstance(db, Session):
        raise TypeError("a low level is written in a transaction, with its case")
    open_case(db, cause, by=cause.person_id, at=at, channel=channel)


def press(session: Session, cause: Cause, *, by: int | None, at: datetime, channel: str) -> None:
    """Somebody wanted the rating changed: a case of its own, or the one the rating has, put before all others."""
    if open_case(session, cause, by=by, at=at, channel=channel):
        return
    case = session.scalars(select(ServiceCase).where(ServiceCase.rating_id == cause.rating_id).with_for_update()).one()
    if case.pressed or case.closed_at:
        return
    case.pressed, case.acts = True, case.acts + 1
    event = events.append(session, subject(case), "case_pressed", by=by, at=at, channel=channel, data={"case": case.id})
    tell_supervision(session, "case_opened", event, about=case.about, at=at)


def subject(case: ServiceCase) -> About:
    return About(case.id, case.ticket_id, case.cycle)


def note(
    session: Session, case_id: int, event: Recorded, kind: str, text: str, *, by: int | None, at: datetime
) -> None:
    if text:
        session.add(CaseNote(case_id=case_id, event_id=event.id, kind=kind, text=text, by_id=by, at=at))


def tell_supervision(session: Session, kind: str, event: Recorded, *, about: str, at: datetime) -> None:
    """The supervisors on duty, all where there is no duty; of what is about one of them, the admins alone."""
    everybody = supervision(session, about, at.date())
    known = isinstance(at.tzinfo, ZoneInfo)  # whose shift runs is a matter of the hospital's clock
    on_duty = {*everybody} & {*duty.supervisors_on_duty(session, at=at)} if known else set()
    for person_id in sorted(on_duty) or everybody:
        outbox.add(session, kind, event, to=person_id, at=at)


def supervision(session: Session, about: str, day: date) -> Sequence[int]:
    """Whose such a case is: of the hospital, never anybody whom a provider employs."""
    found = () if about == "supervisor" else _with_role(session, "supervisor", day)
    return found or _with_role(session, "admin", day)


def _with_role(session: Session, role: str, day: date) -> Sequence[int]:
    theirs = select(Employment.id).where(Employment.person_id == RoleGrant.person_id, Employment.of_provider(day, None))
    query = select(RoleGrant.person_id).where(
        RoleGrant.role == role, employment.works(RoleGrant.person_id, day), ~theirs.exists()
    )
    return session.scalars(query.order_by(RoleGrant.person_id)).all()
