"""`/a/<token>`: the label on an asset or a room; it opens the report page with what was scanned filled in."""

from flask import Blueprint, redirect, render_template, request

from app.http import rate_limits, session
from app.http.context import reading, runtime
from app.services.organisation import assets
from app.services.organisation.assets import Thing
from app.web.public.my import Page, notice_first, report_page, take_report
from app.web.wechat.sign_in import to_wechat

blueprint = Blueprint("label", __name__)


@blueprint.get("/a/<token>")
def show(token: str) -> Page:
    """Nothing is recorded by looking."""
    found = rate_limits.known(lambda: _scanned(token))
    if found.retired:
        return _retired(found)
    if session.identity_id() is None:
        return to_wechat(request.path)
    if session.phone_visitor() is None:
        return redirect(f"/my/bind?next={request.path}")
    return notice_first(request.path) or report_page(found)


@blueprint.post("/a/<token>")
@session.checks_its_own_form
def report(token: str) -> Page:
    session.check_form(request.path)
    found = rate_limits.known(lambda: _scanned(token))
    return _retired(found) if found.retired else take_report(found)


def _scanned(token: str) -> Thing:
    kind, id_ = runtime().links.labelled(token)
    with reading() as db:
        return assets.one(db, kind, id_)


def _retired(found: Thing) -> tuple[str, int]:
    return render_template("label_retired.html", thing=found, hotline=runtime().settings.hotline), 410
