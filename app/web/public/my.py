"""The user's own pages: privacy notice, tickets, reporting a fault."""

import secrets
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import session
from app.http.context import moment, reading, runtime, transaction
from app.models import Category
from app.services.draws import own_summary as draws
from app.services.identity import wechat_sign_in
from app.services.notices import inbox
from app.services.organisation.assets import Thing
from app.services.ratings import reminders
from app.services.tickets import requester
from app.web.draws import receipts
from app.web.public.inbox import message
from app.web.wechat.sign_in import local_path, to_wechat

blueprint = Blueprint("my", __name__)

Page = Response | str | tuple[str, int]


@blueprint.post("/privacy")
@session.checks_its_own_form
def accept_privacy() -> Response:
    session.check_form("privacy")
    known = known_identity() if session.identity_id() is not None else None
    with transaction() as db:
        identity = known if known is not None else _browser_identity(db)
        wechat_sign_in.accept_privacy(db, identity, at=moment())
    if session.identity_id() is None:
        session.enter_phone(identity)
    return redirect(local_path(request.form.get("next", "/my")), 303)


@blueprint.get("/my")
def show() -> Page:
    identity = session.identity_id()
    if identity is None:
        return to_wechat("/my")
    if notice := notice_first("/my"):
        return notice
    visitor = session.phone_visitor()
    if visitor is None:
        return render_template("my.html", visitor=None)
    with reading() as db:
        own = requester.tickets_of(db, visitor.person_id)
        told = inbox.of(db, visitor.person_id, at=moment())
        unread = inbox.unread(db, visitor.person_id, at=moment())
        wished = reminders.wished(db, visitor.person_id)
        drawn = draws.of(db, visitor.person_id, at=moment(), zone=runtime().settings.timezone)
    receipts.keep(drawn.receipts)
    return render_template(
        "my.html",
        visitor=visitor,
        own=own,
        link=runtime().links.ticket_path,
        messages=[message(entry) for entry in told],
        unread=unread,
        inbox_form=session.form_token("inbox"),
        wished=wished,
        draws=drawn,
        wish_form=session.form_token("reminders"),
    )


@blueprint.get("/report")
def report_form() -> Page:
    here = "/report?slip=blank" if request.args.get("slip") else "/report"  # the word outlives the way to the form
    if session.identity_id() is None:
        return to_wechat(here)
    if session.phone_visitor() is None:
        return redirect(f"/my/bind?{urlencode({'next': here}, safe='/')}")
    return notice_first(here) or report_page()


@blueprint.post("/report")
@session.checks_its_own_form
def report() -> Page:
    session.check_form(request.path)
    return take_report()


def take_report(about: Thing | None = None) -> Page:
    """What was typed becomes a ticket, or the page again with what it lacks."""
    visitor = session.phone_visitor()
    if visitor is None:
        raise Refused("sign_in_again")
    description = request.form.get("description", "").strip()
    if not description or len(description) > requester.DESCRIPTION_MOST:
        return report_page(about, fault="description"), 422
    with transaction() as db:
        ticket_id = requester.report(
            db,
            visitor.person_id,
            description=description,
            category_id=_category(request.form.get("category", "")),
            at=moment(),
            zone=runtime().settings.timezone,
            channel="wechat",
            about=about,
        )
    return redirect(runtime().links.ticket_path(ticket_id), 303)


def notice_first(next_path: str) -> str | None:
    """The privacy notice for who has not seen it; before anything is asked of him."""
    with reading() as db:
        if wechat_sign_in.privacy_accepted(db, known_identity()):
            return None
    return render_template("privacy.html", next_path=next_path, token=session.form_token("privacy"))


def _browser_identity(db: Session) -> int:
    """An identity for a browser outside WeChat, where the hospital allows that; it is never verified by itself."""
    if not runtime().settings.browser_rating:
        raise Refused("form_not_of_this_visit")
    openid, keys = secrets.token_urlsafe(16), runtime().settings.secret_keys
    return wechat_sign_in.identify(
        db, appid=wechat_sign_in.BROWSER, openid=openid, unionid=None, keys=keys, at=moment()
    )


def known_identity() -> int:
    identity = session.identity_id()
    with reading() as db:
        known = identity is not None and wechat_sign_in.still_known(db, identity)
    if identity is None or not known:
        session.leave_phone()  # he left the account: WeChat tells anew who this is
        raise Refused("form_not_of_this_visit")
    return identity


def _category(text: str) -> int | None:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:  # as many digits as a row's id can have
        return None
    with reading() as db:
        return db.scalar(select(Category.id).where(Category.id == int(text)))


def report_page(about: Thing | None = None, *, fault: str = "") -> str:
    """The form, for anything or for what was scanned; it comes back to the address it was shown at."""
    with reading() as db:
        categories = db.execute(select(Category.id, Category.name).order_by(Category.name)).all()
    shown = {"about": about, "fault": fault, "categories": categories, "most": requester.DESCRIPTION_MOST}
    return render_template("report.html", **shown, token=session.form_token(request.path))
