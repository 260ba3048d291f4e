"""Who asks to be erased; an admin carries it out."""

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext
from app.services.privacy import erasure
from app.web.console.people.people import blueprint


@blueprint.get("/console/people/erasures")
def erasures() -> str:
    with read_session() as session:
        waiting = erasure.waiting(session, day=now().date())
    return render_template("console/erasures.html", waiting=waiting, admin="admin" in g.visitor.roles)


@blueprint.post("/console/people/erasures/<id:request_id>")
def carry_out_erasure(request_id: int) -> Response:
    if "admin" not in g.visitor.roles:
        abort(403)
    with transaction() as session:
        keys = runtime().settings.secret_keys
        reach = erasure.carry_out(session, request_id, by=g.visitor.person_id, keys=keys, at=now())
    done = {erasure.WHOLE: gettext("已全部删除。"), erasure.WECHAT: gettext("已删除微信信息和文字，花名册不变。")}
    flash(done[reach], "success")
    return redirect(url_for("console_people.erasures"), 303)
