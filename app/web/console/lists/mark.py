"""The hospital's mark: an admin puts one there by upload, or takes it away."""

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http.context import now, runtime, transaction
from app.http.i18n import gettext
from app.services.organisation import mark
from app.web.console.lists.lists import blueprint


@blueprint.get("/console/mark")
def mark_page() -> str:
    return render_template("console/mark.html")


@blueprint.post("/console/mark")
def put_mark() -> Response:
    file = request.files.get("mark")
    if file is None or not file.filename:
        raise Refused("mark_missing")
    content = file.read()
    with transaction() as session:
        made = mark.put(session, content, by=g.visitor.person_id, at=now())
    return _shown(made, gettext("已换上。其他人的页面半分钟内换好。"))


@blueprint.post("/console/mark/remove")
def take_mark_away() -> Response:
    with transaction() as session:
        mark.take_away(session, by=g.visitor.person_id, at=now())
    return _shown(None, gettext("已撤下。"))


def _shown(made: mark.Mark | None, notice: str) -> Response:
    runtime().mark.show(made)
    flash(notice, "success")
    return redirect(url_for("console_lists.mark_page"), 303)
