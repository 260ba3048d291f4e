"""A case is opened: at once, with what causes it, and whoever supervises is told in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from app.db import Executor, insert_first, rows
from app.driver import Line, Prepared
from app.models import CaseNote, DutyShift, Employment, RoleGrant, ServiceCase
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


def open_case(db: Session | Line, cause: Cause, *, by: int | None, at: datetime, channel: str) -> Recorded | None:
    """The event of its opening; None where there is a case of this cause. `at` is in the hospital's zone."""
    known = {name: value for name, value in vars(cause).items() if name != "callable"}
    dues = limits.dues(at, limits.hours(db, at), reachable=cause.callable or cause.person_id is not None)
    values = {**known, **dues, **RECEIVED, "source": channel, "opened_at": at, "pressed": cause.reason == "pressure"}
    case_id = insert_first(db, ServiceCase, **values)
    if case_id is None:
        return None
    about, data = About(case_id, cause.ticket_id, cause.cycle), {"case": case_id, "reason": cause.reason}
    event = events.append(db, about, "case_opened", by=by, at=at, channel=channel, data=data)
    tell_supervision(db, "case_opened", event, about=cause.about, at=at)
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


def tell_supervision(db: Session | Line, kind: str, event: Recorded, *, about: str, at: datetime) -> None:
    """Those of the supervision whose shift runs, all where nobody's does."""
    everybody = _supervision(db, about, at.date())
    known = isinstance(at.tzinfo, ZoneInfo)  # whose shift runs is a matter of the hospital's clock
    on_duty = [one for one in everybody if known and one.shift and duty.runs(one.day, one.shift, at)]
    for person_id in sorted({one.person_id for one in on_duty or everybody}):
        outbox.add(db, kind, event, to=person_id, at=at)


def supervision(db: Session, about: str, day: date) -> list[int]:
    return sorted({one.person_id for one in _supervision(db, about, day)})


def _supervision(db: Session | Line, about: str, day: date) -> Sequence[Any]:
    """Whose such a case is, with their shifts of that day and the one before: of the hospital, never anybody whom a
    provider employs; of what is about a supervisor, or where there is none, the admins.
    """
    found = rows(db, _SUPERVISION, {"on": day, "yesterday": day - timedelta(days=1)})
    supervisors = [one for one in found if one.role == "supervisor" and about != "supervisor"]
    return supervisors or [one for one in found if one.role == "admin"]


def _of_supervision(_dialect: str) -> Any:
    day, yesterday = bindparam("on", type_=Date), bindparam("yesterday", type_=Date)
    theirs = exists().where(Employment.person_id == RoleGrant.person_id, Employment.of_provider(day, None))
    theirs_then = (DutyShift.person_id == RoleGrant.person_id, DutyShift.post_id.is_(None))
    return (
        select(RoleGrant.person_id, RoleGrant.role, DutyShift.day, DutyShift.shift)
        .outerjoin(DutyShift, and_(*theirs_then, or_(DutyShift.day == day, DutyShift.day == yesterday)))
        .where(
            or_(RoleGrant.role == "supervisor", RoleGrant.role == "admin"),
            employment.works(RoleGrant.person_id, day),
            ~theirs,
        )
    )


_SUPERVISION = Prepared(_of_supervision)
