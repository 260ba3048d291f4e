"""`/r/<token>`: progress before completion, the rating form after it, then the answer given."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps

from flask import Blueprint, g, jsonify, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import Executor
from app.driver import Lines
from app.errors import Refused
from app.http import live, phone_gate, rate_limits, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.i18n import language
from app.models import Ticket
from app.models.rating import LEVELS, SATISFIED_FROM
from app.models.ticket import OPEN_STATES
from app.services import images
from app.services.cases import complaints, own
from app.services.cases.complaints import OwnComplaint
from app.services.draws import own_summary as draws
from app.services.draws.receipts import Receipt
from app.services.identity import wechat_sign_in
from app.services.notices import inbox
from app.services.organisation import portraits
from app.services.ratings import praise, rating, tap
from app.services.ratings.detail import choices
from app.services.ratings.rating import AlreadyRated
from app.services.ratings.tap import Tap
from app.services.tickets import code_shown, lifecycle, progress, urges
from app.services.tickets import scan as scan_service
from app.services.tickets.scan import RatingView, ScanView, earlier_answer, load
from app.web.draws import receipts
from app.web.public.rating_detail import read_detail

blueprint = Blueprint("scan", __name__)

_PAGES = {
    "over": "scan/over.html",
    "proxy": "scan/proxy.html",
    "unknown": "open_in_wechat.html",
    "rate": "scan/rate.html",
}


@blueprint.get("/r/<token>")
def show(token: str) -> Page:
    """What this visitor sees of the ticket. Nothing is recorded."""
    ticket_id = rate_limits.throttle_unknown(lambda: runtime().links.ticket_id(token))
    identity = session.identity_id()
    if first := phone_gate.before_in_wechat(request.path):
        return first
    scan = _look(runtime().database.lines, ticket_id, identity)
    may_rate = identity is not None or runtime().settings.browser_rating
    if may_rate and scan.privacy_version != wechat_sign_in.PRIVACY_VERSION:
        return phone_gate.privacy_notice(request.path)
    return _page(scan, token)


def _look(db: Executor | Lines, ticket_id: int, identity: int | None) -> ScanView:
    window = runtime().settings.rating_window
    return load(db, ticket_id, identity_id=identity, at=now(), window=window)


def _page(scan: ScanView, token: str) -> Page:
    view = scan.view(at=now(), known=session.identity_id() is not None)
    if scan.answer is not None:
        return _answer(scan, scan.answer, token)
    if view == "progress":
        return _progress(scan, token)
    moments = _last_moments(scan) if view == "rate" else {}
    page = render_template(_PAGES[view], **_shown(scan, token), levels=LEVELS, **moments)
    return page, 410 if view == "over" else 200


def _trusted(scan: ScanView) -> bool:
    """Whether this visitor's word counts: verified, or in a hospital that trusts everybody."""
    return scan.verified or _open()


def _open() -> bool:
    return runtime().settings.rating_trust == "open"


def _last_moments(scan: ScanView) -> dict[str, datetime | None]:
    if _trusted(scan):
        return {}  # only who cannot reopen the ticket has to be told that they were heard
    with read_session() as db:
        return {
            "said_at": progress.last_said(db, scan.ticket_id, "still_broken", cycle=scan.cycle),
            "quiet_until": lifecycle.quiet_until(db, scan.ticket_id, "still_broken", at=now()),
        }


def _progress(scan: ScanView, token: str) -> Page:
    identity = session.identity_id()
    urgeable = scan.state in OPEN_STATES and not scan.provider_staff and identity is not None
    with read_session() as db:
        g.live_state = live.state_of(scan.state, scan.cycle, progress.last_event(db, scan.ticket_id))
        page = render_template(
            "scan/progress.html",
            **_shown(scan, token),
            steps=progress.steps(db, scan.ticket_id, cycle=scan.cycle),
            urgeable=urgeable,
            words=progress.own_words(db, scan.ticket_id, person_id=scan.person_id),
            coming=progress.coming(db, scan.ticket_id, zone=runtime().settings.timezone, at=now()),
            answered=urges.last_answer(db, scan.ticket_id, cycle=scan.cycle),
            urged_at=progress.last_said(db, scan.ticket_id, "urged", cycle=scan.cycle) if urgeable else None,
            quiet_until=lifecycle.quiet_until(db, scan.ticket_id, "urged", at=now()),
            earlier=earlier_answer(db, scan.ticket_id, identity_id=identity) if identity else None,
            complaints=_complaints(db, scan),
        )
    return page, 410 if scan.cancelled else 200


@blueprint.get("/r/<token>/changes")
def changes(token: str) -> Response:
    """A version that is another one when the progress page would be. It tells nothing of a rating."""
    ticket_id = rate_limits.throttle_unknown(lambda: runtime().links.ticket_id(token))
    with read_session() as db:
        ticket = db.get_one(Ticket, ticket_id)
        stands = live.state_of(ticket.state, ticket.cycle, progress.last_event(db, ticket_id))
    return jsonify(version=live.version(stands))


@blueprint.get("/r/<token>/engineer.jpg")
def engineer_photo(token: str) -> Response:
    """Who comes, where they consented; for whoever has the code, as their name is."""
    ticket_id = rate_limits.throttle_unknown(lambda: runtime().links.ticket_id(token))
    with read_session() as db:
        lead = db.get_one(Ticket, ticket_id).lead_id
        return Response(portraits.of_person(db, lead or 0), mimetype=images.MEDIA_TYPE)


def _answer(scan: ScanView, answer: RatingView, token: str) -> Page:
    enrich = answer.mine and not answer.detailed
    with read_session() as db:
        complained = _complaints(db, scan)
        promised = _promised(db, scan, answer)
        held = _receipts(db, scan) if answer.mine else []
        praised = answer.mine and praise.requested(db, answer.rating_id)
    receipts.keep(held)
    return render_template(
        "scan/answer.html",
        **_shown(scan, token),
        answer=answer,
        # Where everybody is trusted, whether it counts would tell a second phone that somebody was quicker.
        first_counts=_open() and not scan.verified,
        correctable=answer.correctable(now()),
        levels=LEVELS,
        choices=choices(answer.level, language=language()) if enrich else None,
        praised=praised,
        praiseworthy=answer.level >= SATISFIED_FROM,
        can_reopen=not scan.over(now()),
        **_last_moments(scan),
        complaints=complained,
        promised=promised,
        receipts=held,
    )


def _receipts(db: Session, scan: ScanView) -> list[Receipt]:
    """Of the draws that collect ratings now; signed when shown, so that no rating waits for it."""
    if scan.person_id is None:
        return []
    return draws.collecting(db, scan.person_id, at=now(), zone=runtime().settings.timezone)


def _promised(db: Session, scan: ScanView, answer: RatingView) -> own.Promise | None:
    """Who rated low is told who will ring, and by when."""
    if not answer.mine or scan.person_id is None:
        return None
    return own.of_rating(db, answer.rating_id, scan.person_id)


def _complaints(db: Session, scan: ScanView) -> Sequence[OwnComplaint]:
    """The visitor's own about this ticket, with the answers."""
    return complaints.of_person(db, scan.ticket_id, scan.person_id) if scan.person_id is not None else ()


def _shown(scan: ScanView, token: str) -> dict[str, object]:
    return {
        "scan": scan,
        "token": token,
        "form": session.form_token(token, scan.cycle),
        "case_link": runtime().links.case_path,
    }


def _visited(token: str) -> tuple[int, int]:
    """The ticket's and the visitor's ids; a tap by nobody is no tap."""
    ticket_id = rate_limits.throttle_unknown(lambda: runtime().links.ticket_id(token))
    identity = session.identity_id()
    if identity is None:
        raise Refused("form_not_of_this_visit")
    return ticket_id, identity


def _act(act: Callable[[Session, ScanView], None]) -> Callable[[str], Page]:
    """A tap: the ticket is read again, the form of this visit checked, one service called, the page shown."""

    @wraps(act)
    def view(token: str) -> Page:
        ticket_id, identity = _visited(token)
        try:
            with transaction() as db:
                scan = _look(db, ticket_id, identity)
                if not scan.verified:
                    rate_limits.bound_unverified(identity, in_ward=scan.ward_id)
                act(db, scan)
        except Refused as refused:
            if refused.code != "urged_just_now":
                raise
            answer = make_response(_page(_look(runtime().database.lines, ticket_id, identity), token))
            answer.status_code = 409  # the page says when the first was heard, and when there may be another
            return answer
        return redirect(f"/r/{token}", 303)

    return session.checks_its_own_form(view)


@blueprint.post("/r/<token>/rate")
@session.checks_its_own_form
def rate(token: str) -> Response:
    """The tap everything is built for. One statement writes it whole or not at all; then it is looked why."""
    ticket_id, identity = _visited(token)
    console = session.console_visitor()
    if console is not None and console.provider:
        raise Refused("provider_staff")
    level, database, window = _level(), runtime().database, runtime().settings.rating_window
    cycle = session.last_fact_of_form(token)
    tapped = Tap(ticket_id, cycle, identity, level, source="scan")
    if tap.record(database, tapped, at=now(), window=window) is None:
        with database.transaction() as db:
            scan = _look(db, ticket_id, identity)
            if scan.cycle != cycle:
                raise Refused("form_not_of_this_visit")
            if not scan.verified:
                rate_limits.bound_unverified(identity)
            rating.rate(db, scan, level=level, identity_id=identity, trust_all=_open(), source="scan", at=now())
    return redirect(f"/r/{token}", 303)


@blueprint.post("/r/<token>/correct")
@_act
def correct(db: Session, scan: ScanView) -> None:
    session.check_form(_token(), scan.cycle)
    rating.correct(db, scan, level=_level(), source="scan", at=now())


@blueprint.post("/r/<token>/detail")
@_act
def detail(db: Session, scan: ScanView) -> None:
    session.check_form(_token(), scan.cycle)
    if scan.own is None:
        raise Refused("nothing_to_correct")
    rating.add_detail(db, scan, read_detail(scan.own.level), at=now())


@blueprint.post("/r/<token>/still-broken")
@_act
def still_broken(db: Session, scan: ScanView) -> None:
    session.check_form(_token(), scan.form_cycle)
    zone = runtime().settings.timezone
    scan_service.say_still_broken(db, scan, trusted=_trusted(scan), at=now(), zone=zone, channel="scan")


@blueprint.post("/r/<token>/urge")
@_act
def urge(db: Session, scan: ScanView) -> None:
    session.check_form(_token(), scan.cycle)
    scan_service.urge(db, scan, trusted=_trusted(scan), at=now(), channel="scan")


@blueprint.post("/r/<token>/opened")
@session.checks_its_own_form
def opened(token: str) -> tuple[str, int]:
    """The page says that somebody looks at it, before they rate and after."""
    ticket_id, identity = _visited(token)
    with transaction() as db:
        scan = _look(db, ticket_id, identity)
        session.check_form(token, scan.cycle)
        code_shown.record_opened(db, scan, at=now())
        if scan.person_id is not None and not scan.provider_staff:
            inbox.see_ticket(db, scan.ticket_id, person_id=scan.person_id, at=now())
    return "", 204


def _token() -> str:
    return str((request.view_args or {})["token"])


@blueprint.errorhandler(AlreadyRated)
def _rated_before(_error: AlreadyRated) -> Response:
    """The loser of a race, or a second tap: the page shows the answer that stands."""
    return redirect(f"/r/{_token()}", 303)


def _level() -> int:
    level = request.form.get("level", "")
    if level not in map(str, LEVELS):
        raise Refused("no_level")
    return int(level)
