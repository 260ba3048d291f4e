"""Complaints, for the hospital only: what was said, and the one answer to it."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.http.context import now, read_session, transaction
from app.http.i18n import gettext
from app.services.cases import complaints
from app.web.console import filters

blueprint = Blueprint("console_complaints", __name__)


@blueprint.get("/console/complaints")
def complaint_index() -> str:
    state = filters.code("state", complaints.STATES)
    with read_session() as session:
        page = complaints.find(session, state=state, after=filters.cursor("after"))
    return render_template("console/complaints.html", page=page, tabs=("", *complaints.STATES))


@blueprint.get("/console/complaints/<id:complaint_id>")
def complaint(complaint_id: int) -> str:
    return _page(complaint_id, "", "")


@blueprint.post("/console/complaints/<id:complaint_id>")
def answer(complaint_id: int) -> Response | tuple[str, int]:
    text = request.form.get("answer", "").strip()
    if not text or len(text) > complaints.LONGEST:
        fault = gettext("请写答复，最多 %(most)s 个字。", most=complaints.LONGEST)
        return _page(complaint_id, text, fault), 422
    with transaction() as session:
        complaints.answer(session, complaint_id, text, by=g.visitor.person_id, at=now(), channel="console")
    flash(gettext("已答复，投诉人会收到通知。"), "success")
    return redirect(url_for("console_complaints.complaint", complaint_id=complaint_id), 303)


def _page(complaint_id: int, typed: str, fault: str) -> str:
    with read_session() as session:
        row = complaints.get(session, complaint_id)
    return render_template("console/complaint.html", row=row, typed=typed, fault=fault, most=complaints.LONGEST)
