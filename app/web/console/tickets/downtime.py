"""Forms from when the system was away: taken in by the desk, held against the paper by a supervisor."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.errors import status_of, words
from app.http.i18n import gettext
from app.http.words import word
from app.services.organisation import catalogue
from app.services.tables import writer
from app.services.tickets import downtime
from app.web.console import exports

blueprint = Blueprint("console_downtime", __name__)


@blueprint.get("/console/downtime")
def downtime_index() -> str | Response:
    return exports.export("downtime", _columns(), _forms) if exports.requested() else _page("")


def _forms(session: Session, _after: None) -> exports.Whole:
    return exports.Whole(downtime.listed(session, most=writer.MOST_ROWS))


def _columns() -> exports.Columns:
    return {
        gettext("表号"): lambda row: downtime.name(row.DowntimeForm.number),
        gettext("工单"): lambda row: row.ticket,
        gettext("状态"): lambda row: word("state", row.state),
        gettext("补录人"): lambda row: row.by or gettext("命令行"),
        gettext("补录时间"): lambda row: row.DowntimeForm.entered_at,
        gettext("核对时间"): lambda row: row.DowntimeForm.checked_at,
    }


@blueprint.post("/console/downtime")
def enter() -> Page:
    zone = runtime().settings.timezone
    try:
        form = downtime.read({name: request.form.get(name, "") for name in downtime.COLUMNS}, zone=zone)
        with transaction() as session:
            ticket = downtime.enter(session, form, by=g.visitor.person_id, at=now(), zone=zone)
    except Refused as refused:
        return _page(words(refused)), status_of(refused)
    flash(gettext("已补录为 %(number)s，等另一位核对。", number=ticket.number), "success")
    return redirect(url_for("console_downtime.downtime_index"), 303)


@blueprint.post("/console/downtime/<id:form_number>/check")
def check(form_number: int) -> Response:
    if not g.visitor.supervises:
        raise Refused("downtime_check_by_another")
    with transaction() as session:
        downtime.check(session, form_number, by=g.visitor.person_id, at=now())
    flash(gettext("已核对。"), "success")
    return redirect(url_for("console_downtime.downtime_index"), 303)


def _page(fault: str) -> str:
    with read_session() as session:
        rows = downtime.listed(session, most=downtime.LISTED + 1)
        departments = catalogue.coded_departments(session)
    fields = [name for name in downtime.COLUMNS if name not in {"description", "department", "number", *downtime.STEPS}]
    listed = {"rows": rows[: downtime.LISTED], "more": len(rows) > downtime.LISTED, "most": downtime.LISTED}
    shown = listed | {"departments": departments, "columns": downtime.COLUMNS, "people": fields}
    return render_template("console/downtime.html", fault=fault, steps=downtime.STEPS, form_name=downtime.name, **shown)
