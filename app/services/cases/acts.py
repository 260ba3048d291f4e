"""What is done about a case, step by step, each an event: by its owner, and by whoever's voice it is.

A form is of the case as it was seen: whoever comes second is told who was first, and nothing of theirs is written.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import CaseRating, Event, Person, ServiceCase, Ticket, TicketHelper
from app.models.case import CALL_OUTCOMES, UNANSWERED
from app.models.rating import LEVELS, LOW_LEVELS
from app.services import events
from app.services.cases import limits, opening
from app.services.events import Recorded
from app.services.notices import outbox

TEXT_MOST = 1000
AFTER_ANSWER = ("answered", "recovered", "rerated")  # the user has been told, and may have the last word


@dataclass(frozen=True)
class Actor:
    """Who of the hospital acts, when and where; `seen` is how much had been done when they looked."""

    by: int
    at: datetime
    acts: int
    admin: bool = False
    channel: str = "console"


def take(session: Session, case_id: int, actor: Actor, *, owner: int) -> None:
    """The owner is one of the supervision, and never anybody who worked on the ticket."""
    case = held_for(session, case_id, actor)
    if owner not in owners(session, case, actor.at):
        raise Refused("not_an_owner")
    case.owner_id = owner
    record(session, case, actor, "case_taken", stage=_begun(case), owner=owner)


def owners(session: Session, case: ServiceCase, at: datetime) -> set[int]:
    """Who may own it: of the supervision, the admins too; whoever worked on the ticket or is its voice does not."""
    day = at.date()
    found = {*opening.supervision(session, case.about, day), *opening.supervision(session, "supervisor", day)}
    lead = select(Ticket.lead_id).where(Ticket.id == case.ticket_id)
    helpers = select(TicketHelper.person_id).where(TicketHelper.ticket_id == case.ticket_id)
    return found - {*session.scalars(lead), *session.scalars(helpers), case.person_id}


def call(session: Session, case_id: int, actor: Actor, *, outcome: str, text: str) -> None:
    """A call-back: reached, refused, or nobody there; tried as often as the hospital says, it was made."""
    if outcome not in CALL_OUTCOMES:
        raise Refused("no_outcome")
    case = held_for(session, case_id, actor)
    case.calls += 1
    often_enough = case.calls >= limits.of_case(case, actor.at).calls
    if case.called_at is None and (outcome != "not_reached" or often_enough):
        case.called_at = actor.at
    event = record(session, case, actor, "case_called", stage=_begun(case), outcome=outcome, call=case.calls)
    opening.note(session, case.id, event, "call", text, by=actor.by, at=actor.at)


def answer(session: Session, case_id: int, actor: Actor, *, text: str) -> None:
    """The user reads it on their page, and is told that it is there."""
    case = held_for(session, case_id, actor, *UNANSWERED)
    case.answered_at = case.answered_at or actor.at
    event = record(session, case, actor, "case_answered", stage="answered")
    _answer_user(session, case, actor, event, "answer", text, notice="complaint_answered")


def agree(session: Session, case_id: int, actor: Actor, *, text: str) -> None:
    """What will be done to make up for it."""
    case = held_for(session, case_id, actor, "answered", "rerated")
    event = record(session, case, actor, "recovery_agreed", stage="agreed")
    _answer_user(session, case, actor, event, "agreement", text)


def recover(session: Session, case_id: int, actor: Actor, *, text: str) -> None:
    """It was done; the user is asked how content they are now."""
    case = held_for(session, case_id, actor, "agreed")
    case.recoveries += 1
    event = record(session, case, actor, "case_recovered", stage="recovered", recovery=case.recoveries)
    _answer_user(session, case, actor, event, "recovery", text, notice="recovered")


def close_by_timeout(session: Session, case_id: int, actor: Actor, *, text: str) -> None:
    """Without the user, who was told and has been silent for long enough; what was tried is written down."""
    case = held_for(session, case_id, actor, *AFTER_ANSWER)
    silent = limits.silent_at(session, case, at=actor.at)
    if silent is None or actor.at < silent:
        raise Refused("not_silent_yet")
    if not text:
        raise Refused("closing_undocumented")
    _close(case, "timeout", actor.at)
    event = record(session, case, actor, "case_closed", stage="closed", end="timeout", calls=case.calls)
    opening.note(session, case.id, event, "closing", text, by=actor.by, at=actor.at)


def rerate(session: Session, case_id: int, *, level: int, by: int, at: datetime, channel: str) -> None:
    """The user's word on what was done, once for each recovery."""
    if level not in LEVELS:
        raise Refused("no_level")
    case = _own(session, case_id, by, "recovered")
    session.add(CaseRating(case_id=case.id, recovery=case.recoveries, level=level, at=at))
    session.flush()
    recovery = case.recoveries
    event = _spoken(session, case, "case_rerated", by=by, at=at, channel=channel, stage="rerated", recovery=recovery)
    if level in LOW_LEVELS:
        opening.tell_supervision(session, "case_opened", event, about=case.about, at=at)


def insist(session: Session, case_id: int, *, text: str, by: int, at: datetime, channel: str) -> None:
    """The user says it is not solved: it is answered anew, within the same time."""
    if not text:
        raise Refused("words_needed")
    case = _own(session, case_id, by, *AFTER_ANSWER)
    found = limits.of_case(case, at)
    case.answer_due_at = limits.after(found.answer, at, limits=found, hours=limits.hours(session, at))
    event = _spoken(session, case, "case_insisted", by=by, at=at, channel=channel, stage="investigating")
    opening.note(session, case.id, event, "insistence", text, by=by, at=at)
    opening.tell_supervision(session, "case_opened", event, about=case.about, at=at)


def close_by_user(session: Session, case_id: int, *, by: int, at: datetime, channel: str) -> None:
    case = _own(session, case_id, by, *AFTER_ANSWER, "agreed")
    _close(case, "user", at)
    _spoken(session, case, "case_closed", by=by, at=at, channel=channel, stage="closed", end="user")


def _begun(case: ServiceCase) -> str:
    return "investigating" if case.stage == "received" else case.stage


def _close(case: ServiceCase, by: str, at: datetime) -> None:
    case.closed_at, case.closed_by = at, by


def held_for(session: Session, case_id: int, actor: Actor, *stages: str) -> ServiceCase:
    """The case, if nobody has done anything about it since the actor looked; raises Missing and Refused."""
    case = held(session, case_id)
    if case.about == "supervisor" and not actor.admin:
        raise Missing("no_such_case")
    if case.acts != actor.acts:
        raise Refused("case_moved", who=_last_actor(session, case))
    _in(case, stages)
    return case


def _own(session: Session, case_id: int, person_id: int, *stages: str) -> ServiceCase:
    case = held(session, case_id)
    if case.person_id != person_id:
        raise Missing("no_such_case")
    _in(case, stages)
    return case


def held(session: Session, case_id: int) -> ServiceCase:
    """Held against others until the transaction ends; raises Missing."""
    case = session.scalar(select(ServiceCase).where(ServiceCase.id == case_id).with_for_update())
    if case is None:
        raise Missing("no_such_case")
    return case


def _in(case: ServiceCase, stages: tuple[str, ...]) -> None:
    if case.closed_at is not None:
        raise Refused("case_closed")
    if stages and case.stage not in stages:
        raise Refused("not_at_this_stage")


def _last_actor(session: Session, case: ServiceCase) -> str:
    about = (Event.subject == "case", Event.subject_id == case.id, Event.ticket_id.is_not_distinct_from(case.ticket_id))
    last = select(Person.name).outerjoin_from(Event, Person, Person.id == Event.actor_id).where(*about)
    return session.scalar(last.order_by(Event.id.desc()).limit(1)) or ""


def record(
    session: Session, case: ServiceCase, actor: Actor, kind: str, *, stage: str | None = None, **data: Any
) -> Recorded:
    """Whoever acts on a case nobody owns owns it from then on."""
    if case.owner_id is None and actor.by in owners(session, case, actor.at):
        case.owner_id = actor.by
    return _spoken(session, case, kind, by=actor.by, at=actor.at, channel=actor.channel, stage=stage, **data)


def _spoken(
    session: Session,
    case: ServiceCase,
    kind: str,
    *,
    by: int,
    at: datetime,
    channel: str,
    stage: str | None,
    **data: Any,
) -> Recorded:
    case.stage, case.acts = stage or case.stage, case.acts + 1
    case.next_due_at = limits.next_due(case)
    return events.append(
        session, opening.subject(case), kind, by=by, at=at, channel=channel, data={"case": case.id, **data}
    )


def _answer_user(
    session: Session, case: ServiceCase, actor: Actor, event: Recorded, kind: str, text: str, *, notice: str = ""
) -> None:
    """To the user, in words: what stands on their page."""
    if not text:
        raise Refused("words_needed")
    opening.note(session, case.id, event, kind, text, by=actor.by, at=actor.at)
    case.told_at = actor.at
    if notice and case.person_id is not None:
        outbox.add(session, notice, event, to=case.person_id, at=actor.at)
