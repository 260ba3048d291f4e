"""`/w/<token>`: the ward's permanent code; a list, each line one tap away from its rating."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.services import sign_in, wards
from app.web import limits, visit
from app.web.edge import moment, reading, runtime
from app.web.wechat import to_wechat

blueprint = Blueprint("ward", __name__)


@blueprint.get("/w/<token>")
def show(token: str) -> Response | str | tuple[str, int]:
    department_id = limits.known(lambda: runtime().links.department_id(token))
    identity, window = visit.identity_id(), runtime().settings.rating_window
    if identity is None and visit.in_wechat():
        return to_wechat(request.path)
    with reading() as db:
        if identity is not None and not sign_in.privacy_accepted(db, identity):
            return render_template("privacy.html", next_path=request.path, token=visit.form_token("privacy"))
        ward = wards.ward(db, department_id, identity_id=identity, window=window, at=moment())
    visitor = visit.phone_visitor()
    if visitor is not None and visitor.provider:
        return render_template("ward_closed.html", hotline=runtime().settings.hotline), 403
    return render_template("ward.html", ward=ward, days=window.days, link=runtime().links.ticket_path)
