"""The user's own pages: privacy notice, tickets, notices, draws."""

import secrets

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import phone_gate, rate_limits, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.models.rating import LEVELS
from app.services.cases import own as cases
from app.services.draws import own_summary as draws
from app.services.identity import wechat_sign_in
from app.services.notices import inbox
from app.services.privacy.data.subject import Subject
from app.services.ratings import praise, reminders
from app.services.tickets import own_list
from app.services.tickets.own_list import OwnTickets
from app.web.draws import receipts
from app.web.public.inbox import ASKS_TO_RATE, message, settled, unread_of

blueprint = Blueprint("my", __name__)

FORMS = 10  # rated right there, folded or not
SHOWN = 3  # notices; those before them are folded away


@blueprint.post("/privacy")
@session.checks_its_own_form
def accept_privacy() -> Response:
    session.check_form("privacy")
    known = phone_gate.identity() if session.identity_id() is not None else None
    with transaction() as db:
        identity = known if known is not None else _browser_identity(db)
        wechat_sign_in.accept_privacy(db, identity, at=now())
    if session.identity_id() is None:
        session.enter_phone(identity)
    return redirect(phone_gate.local_path(request.form.get("next", "/my")), 303)


@blueprint.get("/my")
def show() -> Page:
    if first := phone_gate.before("/my"):
        return first
    visitor = session.phone_visitor()
    if visitor is None:
        return render_template("my.html", visitor=None)
    settings = runtime().settings
    may_rate, window = not visitor.provider, settings.rating_window
    with read_session() as db:
        own = own_list.of_person(
            db, visitor.person_id, may_rate=may_rate, window=window, zone=settings.timezone, at=now()
        )
        entries = inbox.list_for_person(db, visitor.person_id, at=now())
        to_rate = [
            entry.context.ticket_id for entry in entries if entry.kind in ASKS_TO_RATE and entry.context.ticket_id
        ]
        came_of = own_list.outcomes(db, to_rate, window=window, at=now()) if may_rate else {}
        unread = inbox.unread(db, visitor.person_id, at=now())
        own_cases = cases.list_for_person(db, visitor.person_id)
        drawn = draws.for_person(db, visitor.person_id, at=now(), zone=settings.timezone)
    receipts.keep(drawn.receipts)
    messages = [message(entry, came_of) for entry in entries]
    return render_template(
        "my.html",
        visitor=visitor,
        own=own,
        cases=own_cases,
        link=runtime().links.ticket_path,
        case_link=runtime().links.case_path,
        messages=messages[:SHOWN],
        earlier=messages[SHOWN:],
        unread=unread - settled(entries, came_of),
        levels=LEVELS,
        rate_forms=_rate_forms(own),
        **unread_of(messages),
        inbox_form=session.form_token("inbox"),
        draws=drawn,
    )


@blueprint.get("/my/me")
def me() -> Page:
    """Who one is here, and all that is not about a ticket."""
    if first := phone_gate.before("/my/me"):
        return first
    visitor = session.phone_visitor()
    if visitor is None:
        return render_template("me.html", visitor=None)
    with read_session() as db:
        wished = reminders.wished(db, visitor.person_id)
    return render_template("me.html", visitor=visitor, wished=wished, wish_form=session.form_token("reminders"))


@blueprint.get("/my/praise")
def my_praise() -> Page:
    """What the visitor praised, and how to take back what they agreed to."""
    identity = phone_gate.known_identity()
    if identity is None:
        return phone_gate.to_wechat("/my/praise")
    with read_session() as db:
        return render_template(
            "my_praise.html",
            own=praise.own(db, Subject.of_identity(db, identity)),
            token=runtime().links.praise_token,
            form=session.form_token("praise"),
        )


@blueprint.post("/my/praise")
@session.checks_its_own_form
def take_praise_back() -> Response:
    session.check_form("praise")
    rating_id = runtime().links.praised(request.form.get("rating", ""))
    identity, consent = phone_gate.identity(), _consent()
    with transaction() as db:
        subject = Subject.of_identity(db, identity)
        praise.take_back(db, rating_id, consent, subject=subject, at=now(), channel="wechat")
    return redirect("/my/praise", 303)


def _consent() -> praise.Consent:
    return "name" if request.form.get("take_back") == "name" else "wall"


def _rate_forms(own: OwnTickets) -> dict[int, str]:
    """For the first, as a form for each makes a heavy page; the others are a tap away."""
    path = runtime().links.ticket_path
    return {one.id: session.form_token(path(one.id).rpartition("/")[2], one.cycle) for one in own.to_rate[:FORMS]}


def _browser_identity(db: Session) -> int:
    """An identity for a browser outside WeChat, where the hospital allows that; it is never verified by itself."""
    if not runtime().settings.browser_rating:
        raise Refused("form_not_of_this_visit")
    rate_limits.bound_sign_ins()
    openid, keys = secrets.token_urlsafe(16), runtime().settings.secret_keys
    return wechat_sign_in.identify(db, appid=wechat_sign_in.BROWSER, openid=openid, unionid=None, keys=keys, at=now())
