"""`/w/<token>`: the ward's permanent code; a list, each line one tap away from its rating."""

from flask import Blueprint, render_template, request

from app.errors import Refused
from app.http import phone_gate, rate_limits, session
from app.http.context import Page, now, read_session, runtime
from app.services.identity import wechat_sign_in
from app.services.ratings import ward_list

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
    return render_template("ward.html", ward=ward, days=window.days, link=runtime().links.ticket_path)
