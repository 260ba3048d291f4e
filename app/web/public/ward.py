"""`/w/<token>`: the ward's permanent code; a list, each line one tap away from its rating."""

from flask import Blueprint, render_template, request

from app.errors import Refused
from app.http import phone_gate, rate_limits, session
from app.http.context import Page, now, read_session, runtime
from app.services.identity import wechat_sign_in
from app.services.organisation import assets
from app.services.organisation.assets import LabelTarget
from app.services.ratings import ward_list
from app.web.public.report import check_report, report_page, take_report

blueprint = Blueprint("ward", __name__)


@blueprint.get("/w/<token>")
def show(token: str) -> Page:
    department_id = rate_limits.throttle_unknown(lambda: runtime().links.department_id(token))
    identity, window = session.identity_id(), runtime().settings.rating_window
    if first := phone_gate.before_in_wechat(request.path):
        return first
    with read_session() as db:
        if identity is not None and not wechat_sign_in.privacy_accepted(db, identity):
            return phone_gate.privacy_notice(request.path)
        try:
            ward = ward_list.ward(db, department_id, identity_id=identity, window=window, at=now())
        except Refused as refused:
            if refused.code != "ward_closed":
                raise
            return render_template("ward_closed.html"), 403
    report_at = f"{request.path}/report"
    shown = {"days": window.days, "link": runtime().links.ticket_path, "report_at": report_at}
    return render_template("ward.html", ward=ward, **shown)


@blueprint.get("/w/<token>/report")
def fault(token: str) -> Page:
    """A fault in the ward whose code was scanned."""
    about = rate_limits.throttle_unknown(lambda: _scanned(token))
    return phone_gate.before(request.path, bound=True) or report_page(about)


@blueprint.post("/w/<token>/report")
@session.checks_its_own_form
def report(token: str) -> Page:
    check_report()
    return take_report(rate_limits.throttle_unknown(lambda: _scanned(token)))


def _scanned(token: str) -> LabelTarget:
    department_id = runtime().links.department_id(token)
    with read_session() as db:
        return assets.ward(db, department_id)
