"""What the signals saw in the ratings, and what somebody decides; for the hospital only."""

from flask import Blueprint, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http.context import now, read_session, transaction
from app.http.errors import words
from app.http.i18n import gettext
from app.models.integrity import OUTCOMES
from app.services.integrity import queue
from app.web.console import filters
from config.integrity import signals

blueprint = Blueprint("console_integrity", __name__)

SHOWN = ("", "decided")


@blueprint.get("/console/integrity")
def index() -> str:
    show = filters.code("show", SHOWN)
    with read_session() as session:
        page = queue.find(session, decided=show == "decided", after=filters.cursor("after"))
    return render_template("console/integrity.html", page=page, tabs=SHOWN, signals=signals())


@blueprint.get("/console/integrity/<id:flag_id>")
def flag(flag_id: int) -> str:
    return _page(flag_id, "")


@blueprint.post("/console/integrity/<id:flag_id>")
def decide(flag_id: int) -> Response | tuple[str, int]:
    given = {name: request.form.get(name, "") for name in ("outcome", "note")}
    try:
        with transaction() as session:
            queue.decide(session, flag_id, **given, by=g.visitor.person_id, at=now())
    except Refused as refused:
        if refused.code != "signal_unfounded":
            raise
        return _page(flag_id, words(refused)), 422
    flash(gettext("已记录。评价和数字都没有变。"), "success")
    return redirect("/console/integrity", 303)


def _page(flag_id: int, fault: str) -> str:
    with read_session() as session:
        shown = queue.one(session, flag_id)
        return render_template(
            "console/integrity_flag.html",
            shown=shown,
            signals=signals(),
            fault=fault,
            outcomes=OUTCOMES,
            most=queue.NOTE_MOST,
        )
