"""Major incidents: declared on a ticket, told to callers, joined by departments; closed by hand or with the ticket."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.http import forms, live
from app.http.context import now, read_session, transaction
from app.http.i18n import gettext
from app.services.tickets import incidents, lifecycle, notes

blueprint = Blueprint("console_incidents", __name__)
CHANNEL = "console"


@blueprint.get("/console/incidents")
@live.keeps_fresh
def incidents_index() -> str:
    with read_session() as session:
        shown = incidents.listed(session)
    return render_template("console/incidents.html", shown=shown, most=notes.LONGEST)


@blueprint.post("/console/incidents/<ticket:number>")
def declare(number: str) -> Response:
    title = forms.typed("title", incidents.TITLE_MOST)
    with transaction() as session:
        ticket = lifecycle.locked(session, number=number)
        incidents.declare(session, ticket, title=title, by=g.visitor.person_id, at=now(), channel=CHANNEL)
    flash(gettext("已定为重大故障，报修页上已公告。"), "success")
    return redirect(url_for("console_incidents.incidents_index"), 303)


@blueprint.post("/console/incidents/<id:incident_id>/close")
def close(incident_id: int) -> Response:
    with transaction() as session:
        incidents.close(session, incident_id, by=g.visitor.person_id, at=now(), channel=CHANNEL)
    flash(gettext("已撤下公告。"), "success")
    return redirect(url_for("console_incidents.incidents_index"), 303)


@blueprint.post("/console/incidents/<id:incident_id>/review")
def review(incident_id: int) -> Response:
    text = forms.typed("text", notes.LONGEST)
    with transaction() as session:
        incidents.review(session, incident_id, text, by=g.visitor.person_id, at=now(), channel=CHANNEL)
    flash(gettext("复盘已写下，服务商也能看到。"), "success")
    return redirect(url_for("console_incidents.incidents_index"), 303)
