"""What the provider is told of a low score after the call-back, what it will do, its appeal, and the decision.

Number and reason tags, never the level, the words, who rated or when (law 11). The rating stays whatever is decided.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select, true, update
from sqlalchemy.orm import Session, aliased

from app.errors import Missing, Refused
from app.models import (
    AppealPhoto,
    CaseAppeal,
    CaseHandover,
    Category,
    Completion,
    Employment,
    Person,
    Post,
    Rating,
    RatingDetail,
    RoleGrant,
    ServiceCase,
    Ticket,
)
from app.models.rating import EXCLUSION_REASONS
from app.pagination import Line
from app.services import events, images
from app.services.cases import acts, opening
from app.services.cases.acts import Actor
from app.services.notices import outbox
from app.services.organisation.directory import current_employment
from app.services.ratings import exclusions
from config.cases import case_rules

TEXT_MOST = 500
SHOWN = 100


def manages(session: Session, person_id: int, day: date) -> int | None:
    """The provider whose quality this person answers for that day."""
    return session.scalar(_managers(day).where(Employment.person_id == person_id))


def hand_over(session: Session, case_id: int, actor: Actor) -> None:
    """To the provider whose work it was. Raises Refused before the call-back, and where nobody there answers for it."""
    case = acts.held_for(session, case_id, actor)
    if case.rating_id is None or case.called_at is None:
        raise Refused("call_first")
    if session.get(CaseHandover, case_id) is not None:
        raise Refused("handed_over_before")
    provider = session.scalar(
        select(Completion.provider_id)
        .join(Rating, Rating.completion_id == Completion.id)
        .where(Rating.id == case.rating_id)
    )
    managers = session.scalars(_people(actor.at.date()).where(Employment.provider_id == provider)).all()
    if provider is None or not managers:
        raise Refused("nobody_at_provider")
    session.add(CaseHandover(case_id=case_id, provider_id=provider, by_id=actor.by, at=actor.at, plan=""))
    event = acts.record(session, case, actor, "case_handed_over")
    for person in managers:
        outbox.add(session, "case_handed_over", event, to=person, at=actor.at)


def of_provider(session: Session, provider_id: int | None) -> Sequence[Line]:
    """The last it was handed (of every provider, if none is said): the ticket, whose work, the reason tags."""
    lead = aliased(Person)
    return session.execute(
        select(
            CaseHandover.case_id,
            CaseHandover.at,
            CaseHandover.plan,
            Ticket.number,
            Category.name.label("category"),
            lead.name.label("lead"),
            RatingDetail.reasons,
            CaseAppeal.state.label("appeal"),
            CaseAppeal.reason.label("appeal_reason"),
            CaseAppeal.text.label("appeal_text"),
        )
        .join(ServiceCase, ServiceCase.id == CaseHandover.case_id)
        .join(Ticket, Ticket.id == ServiceCase.ticket_id)
        .join(Rating, Rating.id == ServiceCase.rating_id)
        .join(Completion, Completion.id == Rating.completion_id)
        .outerjoin(Category, Category.id == Completion.category_id)
        .outerjoin(lead, lead.id == Completion.lead_id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
        .outerjoin(CaseAppeal, CaseAppeal.case_id == CaseHandover.case_id)
        .where(CaseHandover.provider_id == provider_id if provider_id is not None else true())
        .order_by(CaseHandover.at.desc(), CaseHandover.case_id.desc())
        .limit(SHOWN)
    ).all()


def plan(session: Session, case_id: int, text: str, *, by: int, at: datetime) -> None:
    """What the provider will do to make up for it; once."""
    case = _handed(session, case_id, by, at)
    if not text:
        raise Refused("plan_needed")
    fresh = (CaseHandover.case_id == case_id, CaseHandover.plan == "")
    written = update(CaseHandover).where(*fresh).values(plan=text, planned_by_id=by, planned_at=at)
    if session.scalar(written.returning(CaseHandover.case_id)) is None:
        raise Refused("planned_before")
    events.append(session, opening.subject(case), "recovery_planned", by=by, at=at, channel="console", data=_data(case))


def appeal(
    session: Session, case_id: int, *, reason: str, text: str, photo: bytes | None, by: int, at: datetime
) -> None:
    """Once, with a reason of those the hospital may exclude a rating for; the supervisors are told."""
    case = _handed(session, case_id, by, at)
    if reason not in EXCLUSION_REASONS or not text:
        raise Refused("appeal_unfounded")
    if session.get(CaseAppeal, case_id) is not None:
        raise Refused("appealed_before")
    session.add(CaseAppeal(case_id=case_id, reason=reason, text=text, by_id=by, at=at, state="waiting", decision=""))
    session.flush()
    if photo is not None:
        session.add(AppealPhoto(case_id=case_id, media_type=images.MEDIA_TYPE, content=photo, at=at))
    data = {**_data(case), "reason": reason}
    event = events.append(session, opening.subject(case), "appealed", by=by, at=at, channel="console", data=data)
    opening.tell_supervision(session, "appealed", event, about=case.about, at=at)


def decide(session: Session, case_id: int, actor: Actor, *, uphold: bool, text: str) -> None:
    """Once. Upheld, the rating leaves the score, and both figures are shown from then on; it stays readable."""
    case = acts.held(session, case_id)
    waiting = session.get(CaseAppeal, case_id, with_for_update=True)
    if waiting is None or waiting.state != "waiting" or case.rating_id is None:
        raise Refused("appeal_decided")
    if not text:
        raise Refused("decision_unfounded")
    if uphold:
        how: dict[str, Any] = {"by": actor.by, "at": actor.at, "channel": actor.channel}
        exclusions.exclude(session, case.rating_id, reason=waiting.reason, note=text, **how)
    waiting.state, waiting.decision = "upheld" if uphold else "refused", text
    waiting.decided_by_id, waiting.decided_at = actor.by, actor.at
    acts.record(session, case, actor, "appeal_upheld" if uphold else "appeal_refused")


def of_case(session: Session, case_id: int) -> tuple[CaseHandover | None, CaseAppeal | None, bool]:
    """What the provider was given, its appeal, and whether there is a picture with it."""
    photo = session.scalar(select(AppealPhoto.case_id).where(AppealPhoto.case_id == case_id))
    return session.get(CaseHandover, case_id), session.get(CaseAppeal, case_id), photo is not None


def photo(session: Session, case_id: int) -> AppealPhoto:
    """Raises Missing."""
    found = session.get(AppealPhoto, case_id)
    if found is None:
        raise Missing("no_such_photo")
    return found


def _handed(session: Session, case_id: int, by: int, at: datetime) -> ServiceCase:
    """The case, for somebody who answers for the provider it was handed to; raises Missing."""
    handover = session.get(CaseHandover, case_id)
    if handover is None or handover.provider_id != manages(session, by, at.date()):
        raise Missing("no_such_case")
    return acts.held(session, case_id)


def _data(case: ServiceCase) -> dict[str, int]:
    return {"case": case.id}


def _managers(day: date) -> Select[int]:
    return _people(day).with_only_columns(Employment.provider_id)


def _people(day: date) -> Select[int]:
    holds = Post.code.in_(case_rules().quality_posts)
    current = Employment.id == current_employment(Employment.person_id, day)
    # With a place at the console, where they read what they are given and write what they do.
    enters = select(RoleGrant.person_id).where(RoleGrant.person_id == Employment.person_id, RoleGrant.role == "desk")
    return select(Employment.person_id).join(Post, Post.id == Employment.post_id).where(holds, current, enters.exists())
