"""`/w/<token>`: the ward's permanent code; a list, each line one tap away from its rating."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.http import rate_limits, session
from app.http.context import moment, reading, runtime
from app.services.identity import wechat_sign_in
from app.services.ratings import ward_list
from app.web.wechat.sign_in import to_wechat

blueprint = Blueprint("ward", __name__)


@blueprint.get("/w/<token>")
def show(token: str) -> Response | str | tuple[str, int]:
    department_id = rate_limits.known(lambda: runtime().links.department_id(token))
    identity, window = session.identity_id(), runtime().settings.rating_window
    if identity is None and session.in_wechat():
        return to_wechat(request.path)
    with reading() as db:
        if identity is not None and not wechat_sign_in.privacy_accepted(db, identity):
            return render_template("privacy.html", next_path=request.path, token=session.form_token("privacy"))
        ward = ward_list.ward(db, department_id, identity_id=identity, window=window, at=moment())
    visitor = session.phone_visitor()
    if visitor is not None and visitor.provider:
        return render_template("ward_closed.html", hotline=runtime().settings.hotline), 403
    return render_template("ward.html", ward=ward, days=window.days, link=runtime().links.ticket_path)
