"""Forms from when the system was away: taken in by the desk, held against the paper by a supervisor."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.errors import status_of, words
from app.http.i18n import gettext
from app.services.organisation import catalogue
from app.services.tickets import downtime

blueprint = Blueprint("console_downtime", __name__)


@blueprint.get("/console/downtime")
def downtime_index() -> str:
    return _page("")


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
        rows, departments = downtime.listed(session), catalogue.coded_departments(session)
    fields = [name for name in downtime.COLUMNS if name not in {"description", "department", "number", *downtime.STEPS}]
    shown = {"rows": rows, "departments": departments, "columns": downtime.COLUMNS, "people": fields}
    return render_template("console/downtime.html", fault=fault, steps=downtime.STEPS, form_name=downtime.name, **shown)
