"""`/r/<token>`: progress before completion, the rating form after it, then the answer given."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import Executor
from app.errors import Refused
from app.models.rating import LEVELS, LOW_LEVELS
from app.models.ticket import OPEN_STATES
from app.services import progress, ratings, sign_in, tickets
from app.services.ratings import AlreadyRated
from app.services.scan import Answer, Scan, earlier_answer, look
from app.web import limits, visit
from app.web.edge import moment, reading, runtime, transaction
from app.web.thanks import choices, read_detail
from app.web.wechat import to_wechat

blueprint = Blueprint("scan", __name__)

Page = Response | str | tuple[str, int]


@blueprint.get("/r/<token>")
def show(token: str) -> Page:
    """What this visitor sees of the ticket. Nothing is recorded."""
    ticket_id = limits.known(lambda: runtime().links.ticket_id(token))
    identity = visit.identity_id()
    if identity is None and visit.in_wechat():
        return to_wechat(request.path)
    with runtime().database.bare() as db:
        scan = _look(db, ticket_id, identity)
    may_rate = identity is not None or runtime().settings.browser_rating
    if may_rate and scan.privacy_version != sign_in.PRIVACY_VERSION:
        return render_template("privacy.html", next_path=request.path, token=visit.form_token("privacy"))
    return _page(scan, token)


def _look(db: Executor, ticket_id: int, identity: int | None) -> Scan:
    window = runtime().settings.rating_window
    return look(db, ticket_id, identity_id=identity, on=moment().date(), window=window)


def _page(scan: Scan, token: str) -> Page:
    if scan.answer is not None:
        return _answer(scan, scan.answer, token)
    if not scan.finished or scan.provider_staff or not scan.rateable:
        return _progress(scan, token)
    if scan.over(moment()):
        return render_template("scan/over.html", **_shown(scan, token)), 410
    if scan.proxy:
        return render_template("scan/proxy.html", **_shown(scan, token))
    if visit.identity_id() is None:
        return render_template("open_in_wechat.html", **_shown(scan, token))
    if _trusted(scan) and scan.standing is not None:
        return render_template("scan/rated.html", **_shown(scan, token))
    return render_template("scan/rate.html", **_shown(scan, token), levels=LEVELS, said_at=_said_at(scan))


def _trusted(scan: Scan) -> bool:
    """Whether this visitor's word counts: verified, or in a hospital that trusts everybody."""
    return scan.verified or runtime().settings.rating_trust == "open"


def _said_at(scan: Scan) -> datetime | None:
    if _trusted(scan):
        return None  # only who cannot reopen the ticket himself has to be told that he was heard
    with reading() as db:
        return progress.last_said(db, scan.ticket_id, "still_broken", cycle=scan.cycle)


def _progress(scan: Scan, token: str) -> Page:
    identity = visit.identity_id()
    urgeable = scan.state in OPEN_STATES and not scan.provider_staff and identity is not None
    with reading() as db:
        page = render_template(
            "scan/progress.html",
            **_shown(scan, token),
            steps=progress.steps(db, scan.ticket_id, cycle=scan.cycle),
            urgeable=urgeable,
            urged_at=progress.last_said(db, scan.ticket_id, "urged", cycle=scan.cycle) if urgeable else None,
            earlier=earlier_answer(db, scan.ticket_id, identity_id=identity) if identity else None,
        )
    return page, 410 if scan.state == "cancelled" else 200


def _answer(scan: Scan, answer: Answer, token: str) -> Page:
    enrich = answer.mine and not answer.detailed
    return render_template(
        "scan/answer.html",
        **_shown(scan, token),
        answer=answer,
        correctable=answer.correctable(moment()),
        levels=LEVELS,
        choices=choices(answer.level) if enrich else None,
        can_reopen=not scan.over(moment()),
        said_at=_said_at(scan),
    )


def _shown(scan: Scan, token: str) -> dict[str, object]:
    return {
        "scan": scan,
        "token": token,
        "form": visit.form_token(token, scan.cycle),
        "hotline": runtime().settings.hotline,
    }


def _visited(token: str) -> tuple[int, int]:
    """The ticket's and the visitor's ids; a tap by nobody is no tap."""
    ticket_id = limits.known(lambda: runtime().links.ticket_id(token))
    identity = visit.identity_id()
    if identity is None:
        raise Refused("form_not_of_this_visit")
    return ticket_id, identity


def _act(act: Callable[[Session, Scan], None]) -> Callable[[str], Response]:
    """A tap: the ticket is read again, the form of this visit checked, one service called, the page shown."""

    @wraps(act)
    def view(token: str) -> Response:
        ticket_id, identity = _visited(token)
        with transaction() as db:
            act(db, _look(db, ticket_id, identity))
        return redirect(f"/r/{token}", 303)

    return visit.checks_its_own_form(view)


@blueprint.post("/r/<token>/rate")
@visit.checks_its_own_form
def rate(token: str) -> Response:
    """The tap everything is built for. One statement writes it whole, so only a low level, which opens a case
    besides, needs a transaction.
    """
    ticket_id, identity = _visited(token)
    console = visit.console_visitor()
    if console is not None and console.provider:
        raise Refused("provider_staff")
    level, database = _level(), runtime().database
    with database.connecting() if level in LOW_LEVELS else database.bare() as db:
        scan = _look(db, ticket_id, identity)
        visit.check_form(token, scan.cycle)
        ratings.rate(db, scan, level=level, identity_id=identity, trust_all=_trusted(scan), source="scan", at=moment())
    return redirect(f"/r/{token}", 303)


@blueprint.post("/r/<token>/correct")
@_act
def correct(db: Session, scan: Scan) -> None:
    visit.check_form(_token(), scan.cycle)
    ratings.correct(db, scan, level=_level(), source="scan", at=moment())


@blueprint.post("/r/<token>/detail")
@_act
def detail(db: Session, scan: Scan) -> None:
    visit.check_form(_token(), scan.cycle)
    if scan.mine is None:
        raise Refused("nothing_to_correct")
    ratings.add_detail(db, scan, read_detail(scan.mine.level), at=moment())


@blueprint.post("/r/<token>/still-broken")
@_act
def still_broken(db: Session, scan: Scan) -> None:
    """Reopens; a second tap finds it reopened. Who is not verified is heard, but reopens nothing."""
    reopened = scan.state == "reopened"
    visit.check_form(_token(), scan.cycle - 1 if reopened else scan.cycle)
    if reopened:
        return
    ratings.check_rater(scan, at=moment())
    ticket = tickets.locked(db, ticket_id=scan.ticket_id)
    if _trusted(scan):
        tickets.reopen(db, ticket, by=scan.person_id, at=moment(), channel="scan")
    else:
        tickets.say_still_broken(db, ticket, at=moment(), channel="scan")


@blueprint.post("/r/<token>/urge")
@_act
def urge(db: Session, scan: Scan) -> None:
    visit.check_form(_token(), scan.cycle)
    if scan.provider_staff:
        raise Refused("provider_staff")
    ticket = tickets.locked(db, ticket_id=scan.ticket_id)
    tickets.urge(db, ticket, by=scan.person_id, at=moment(), channel="scan")


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
