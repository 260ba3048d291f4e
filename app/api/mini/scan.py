"""A ticket by its code, and a ward by its own: what the pages at /r/ and /w/ do, for the mini-program."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.api.mini import progress as progress_response
from app.api.mini import requests, responses
from app.api.operations import get, post_once
from app.db import announce
from app.errors import Refused
from app.http import bearer, rate_limits, session
from app.http.context import now, read_session, runtime
from app.http.i18n import language
from app.models.ticket import OPEN_STATES
from app.services.cases import complaints
from app.services.ratings import rating, ward_list
from app.services.ratings.detail import choices, offered
from app.services.ratings.rating import Detail
from app.services.tickets import lifecycle, progress
from app.services.tickets import scan as scan_service
from app.services.tickets.scan import ScanView, earlier_answer, load

CHANNEL = "mini"
OF_A_FORM = ("bad_token", "form_not_of_this_visit", "unverified_too_many")
OF_A_RATER = (
    *("provider_staff", "cancelled", "not_rateable", "not_finished", "window_over", "not_the_served"),
    *("already_rated", "comment_too_long", "detailed_before"),
)


@get("/scan/<token>", responses.Scan, "bad_token")
def scan(token: str) -> responses.Scan:
    """What stands behind a ticket's code, for me. Nothing is recorded."""
    with read_session() as db:
        return _response(db, _scan(db, token), token)


@post_once("/scan/<token>/rating", requests.RatingForm, {201: responses.Scan}, *OF_A_FORM, *OF_A_RATER)
def rate(db: Session, body: requests.RatingForm, token: str) -> responses.Scan:
    """Rate: one tap, recorded at once; details may come with it or later."""
    seen = _of_form(db, token, body.form)
    _bound(seen)
    rating.rate(
        db,
        seen,
        level=body.level,
        identity_id=bearer.current().identity_id,
        trust_all=runtime().settings.rating_trust == "open",
        source=CHANNEL,
        at=now(),
    )
    if body.detail is not None:
        _add_detail(db, _scan(db, token), body.detail)
    return _response(db, _scan(db, token), token)


@post_once(
    "/scan/<token>/detail",
    requests.DetailForm,
    {201: responses.Scan},
    *OF_A_FORM,
    *("nothing_to_correct", "comment_too_long", "detailed_before"),
)
def detail(db: Session, body: requests.DetailForm, token: str) -> responses.Scan:
    """Say more about my rating, once."""
    _add_detail(db, _of_form(db, token, body.form), body)
    return _response(db, _scan(db, token), token)


@post_once(
    "/scan/<token>/correction",
    requests.CorrectionForm,
    {201: responses.Scan},
    *OF_A_FORM,
    *("provider_staff", "nothing_to_correct", "correction_over"),
)
def correct(db: Session, body: requests.CorrectionForm, token: str) -> responses.Scan:
    """Correct my rating, once within 24 hours; both stay."""
    rating.correct(db, _of_form(db, token, body.form), level=body.level, source=CHANNEL, at=now())
    return _response(db, _scan(db, token), token)


@post_once(
    "/scan/<token>/still-broken",
    requests.FormOnly,
    {200: responses.Scan},
    *OF_A_FORM,
    *("provider_staff", "cancelled", "not_rateable", "not_finished", "window_over", "not_the_served"),
    *("move_not_allowed", "urged_just_now"),
)
def still_broken(db: Session, body: requests.FormOnly, token: str) -> responses.Scan:
    """It is still broken: reopens the ticket, where I am bound to a staff number."""
    seen = _scan(db, token)
    session.check_signed(body.form, bearer.current().family, token, seen.form_cycle)
    _bound(seen, in_ward=seen.ward_id)
    zone = runtime().settings.timezone
    scan_service.say_still_broken(db, seen, trusted=_trusted(seen), at=now(), zone=zone, channel=CHANNEL)
    return _response(db, _scan(db, token), token)


@post_once(
    "/scan/<token>/urge",
    requests.FormOnly,
    {200: responses.Scan},
    *OF_A_FORM,
    *("provider_staff", "not_open", "urged_just_now"),
)
def urge(db: Session, body: requests.FormOnly, token: str) -> responses.Scan:
    """Ask to hurry, once in ten minutes."""
    seen = _of_form(db, token, body.form)
    _bound(seen, in_ward=seen.ward_id)
    scan_service.urge(db, seen, trusted=_trusted(seen), at=now(), channel=CHANNEL)
    return _response(db, _scan(db, token), token)


@get("/ward/<token>", responses.Ward, "bad_token", "ward_closed")
def ward(token: str) -> responses.Ward:
    """What was finished in a ward and is not yet rated."""
    department_id = rate_limits.throttle_unknown(lambda: runtime().links.department_id(token))
    who, window, links = bearer.current(), runtime().settings.rating_window, runtime().links
    with read_session() as db:
        found = ward_list.ward(db, department_id, identity_id=who.identity_id, window=window, at=now())
    waiting = [
        responses.Waiting(
            token=links.ticket_path(one.ticket_id).removeprefix("/r/"),
            number=one.number,
            category=one.category,
            finished_at=one.finished_at,
        )
        for one in found.waiting
    ]
    return responses.Ward(name=found.name, member=found.member, days=window.days, waiting=waiting)


def _scan(db: Session, token: str) -> ScanView:
    ticket_id = rate_limits.throttle_unknown(lambda: runtime().links.ticket_id(token))
    who, window = bearer.current().identity_id, runtime().settings.rating_window
    return load(db, ticket_id, identity_id=who, at=now(), window=window)


def _of_form(db: Session, token: str, form: str) -> ScanView:
    """The ticket as it is, if the form was issued to this session for this cycle of it."""
    seen = _scan(db, token)
    session.check_signed(form, bearer.current().family, token, seen.cycle)
    return seen


def _bound(seen: ScanView, *, in_ward: int | None = None) -> None:
    if not seen.verified:
        rate_limits.bound_unverified(bearer.current().identity_id, in_ward=in_ward)


def _trusted(seen: ScanView) -> bool:
    return seen.verified or runtime().settings.rating_trust == "open"


def _add_detail(db: Session, seen: ScanView, details: requests.Details) -> None:
    if seen.own is None:
        raise Refused("nothing_to_correct")
    detail = Detail(**details.model_dump(include=set(Detail.__dataclass_fields__)))
    rating.add_detail(db, seen, offered(seen.own.level, detail), at=now())
    announce(db, "checks")


def _response(db: Session, seen: ScanView, token: str) -> responses.Scan:
    who, at = bearer.current(), now()
    view = seen.view(at=at, known=True)
    acts = _acts(seen, view, at)
    answer = seen.answer
    earlier = earlier_answer(db, seen.ticket_id, identity_id=who.identity_id) if view == "progress" else None
    own = complaints.of_person(db, seen.ticket_id, who.person_id) if who.person_id is not None else []
    return responses.Scan(
        view=view,
        acts=acts,
        form=session.sign_form(who.family, token, seen.cycle),
        number=seen.number,
        state=seen.state,
        category=seen.category,
        reported_at=seen.reported_at,
        finished_at=seen.finished_at,
        verified=seen.verified,
        window_days=seen.window.days,
        steps=progress_response.steps(progress.steps(db, seen.ticket_id, cycle=seen.cycle)),
        words=progress.own_words(db, seen.ticket_id, person_id=who.person_id),
        coming=progress_response.coming(db, seen),
        urged_at=progress.last_said(db, seen.ticket_id, "urged", cycle=seen.cycle),
        urge_again_at=lifecycle.quiet_until(db, seen.ticket_id, "urged", at=at),
        urge_answer=progress_response.urge_answer(db, seen),
        still_broken_at=_still_broken_at(db, seen),
        answer=_answer(seen),
        earlier=responses.Earlier(level=earlier[0], at=earlier[1]) if earlier else None,
        choices=_choices(answer.level) if answer and "detail" in acts else None,
        complaints=[responses.Complaint.model_validate(one) for one in own],
    )


def _still_broken_at(db: Session, seen: ScanView) -> datetime | None:
    """A kind of event that the provider does not see."""
    return None if seen.provider_staff else progress.last_said(db, seen.ticket_id, "still_broken", cycle=seen.cycle)


def _answer(seen: ScanView) -> responses.Answer | None:
    """Who is not verified is never told that theirs counts, nor so that it does not: somebody was quicker."""
    if seen.answer is None:
        return None
    answer = responses.Answer.model_validate(seen.answer)
    return answer if seen.verified else answer.model_copy(update={"counted": False})


def _acts(seen: ScanView, view: str, at: datetime) -> list[responses.Act]:
    """What is offered; every act is checked again when it is done."""
    if seen.provider_staff:
        return []
    answer = seen.answer
    offers: dict[responses.Act, bool] = {
        "rate": view == "rate",
        "detail": answer is not None and answer.mine and not answer.detailed,
        "correction": answer is not None and answer.correctable(at),
        "still-broken": view in {"rate", "answer"} and not seen.over(at),
        "urge": seen.state in OPEN_STATES,
        "complaint": seen.served,
    }
    return [name for name, offer in offers.items() if offer]


def _choices(level: int) -> responses.Choices:
    found = choices(level, language=language())
    return responses.Choices(
        **{name: [responses.Choice(code=code, label=label) for code, label in offer_] for name, offer_ in found.items()}
    )
