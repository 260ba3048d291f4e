"""`/a/<token>`: the label on an asset or a room; it opens the report page with what was scanned filled in."""

from flask import Blueprint, redirect, render_template, request

from app.services import assets
from app.services.assets import Thing
from app.web import limits, visit
from app.web.edge import reading, runtime
from app.web.my import Page, notice_first, report_page, take_report
from app.web.wechat import to_wechat

blueprint = Blueprint("label", __name__)


@blueprint.get("/a/<token>")
def show(token: str) -> Page:
    """Nothing is recorded by looking."""
    found = limits.known(lambda: _scanned(token))
    if found.retired:
        return _retired(found)
    if visit.identity_id() is None:
        return to_wechat(request.path)
    if visit.phone_visitor() is None:
        return redirect(f"/my/bind?next={request.path}")
    return notice_first(request.path) or report_page(found)


@blueprint.post("/a/<token>")
@visit.checks_its_own_form
def report(token: str) -> Page:
    visit.check_form(request.path)
    found = limits.known(lambda: _scanned(token))
    return _retired(found) if found.retired else take_report(found)


def _scanned(token: str) -> Thing:
    kind, id_ = runtime().links.labelled(token)
    with reading() as db:
        return assets.one(db, kind, id_)


def _retired(found: Thing) -> tuple[str, int]:
    return render_template("label_retired.html", thing=found, hotline=runtime().settings.hotline), 410
