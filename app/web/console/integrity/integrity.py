"""What the signals saw in the ratings, and what somebody decides; for the hospital only."""

from functools import partial

from flask import Blueprint, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http.context import now, read_session, transaction
from app.http.errors import words
from app.http.i18n import gettext, language
from app.http.words import word
from app.models.integrity import OUTCOMES
from app.services.integrity import queue
from app.web.console import exports, filters
from config.integrity import signals

blueprint = Blueprint("console_integrity", __name__)

SHOWN = ("", "decided")


@blueprint.get("/console/integrity")
def index() -> str | Response:
    decided, oldest = filters.code("show", SHOWN) == "decided", filters.oldest_first()
    find = partial(queue.find, decided=decided, oldest=oldest)
    if exports.requested():
        return exports.export("integrity", _columns(), lambda session, after: find(session, after=after))
    with read_session() as session:
        page = find(session, after=filters.cursor("after"))
    return render_template("console/integrity.html", page=page, oldest=oldest, tabs=SHOWN, signals=signals())


def _columns() -> exports.Columns:
    return {
        gettext("信号"): lambda row: signals()[row.IntegrityFlag.signal].label(language()),
        gettext("工程师"): lambda row: row.lead,
        gettext("评价人"): lambda row: (row.rater or gettext("未绑定")) if row.IntegrityFlag.identity_id else "",
        gettext("看到"): lambda row: row.IntegrityFlag.found,
        gettext("共"): lambda row: row.IntegrityFlag.out_of,
        gettext("季度"): lambda row: row.IntegrityFlag.quarter,
        gettext("提示于"): lambda row: row.IntegrityFlag.at,
        gettext("结论"): lambda row: (
            word("integrity_outcome", row.IntegrityDecision.outcome) if row.IntegrityDecision else ""
        ),
        gettext("谁判断的"): lambda row: row.decider,
        gettext("判断于"): lambda row: row.IntegrityDecision.at if row.IntegrityDecision else None,
    }


@blueprint.get("/console/integrity/<id:flag_id>")
def flag(flag_id: int) -> str:
    return _page(flag_id, "")


@blueprint.post("/console/integrity/<id:flag_id>")
def decide(flag_id: int) -> Response | tuple[str, int]:
    typed = {name: request.form.get(name, "") for name in ("outcome", "note")}
    try:
        with transaction() as session:
            queue.decide(session, flag_id, **typed, by=g.visitor.person_id, at=now())
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
