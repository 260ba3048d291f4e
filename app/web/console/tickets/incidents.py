"""Major incidents: declared on a ticket, told to callers, joined by departments; closed by hand or with the ticket."""

from collections.abc import Iterator

from flask import Blueprint, flash, g, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.http import forms, live
from app.http.context import now, read_session, transaction
from app.http.i18n import gettext
from app.http.words import word
from app.pagination import Line
from app.services.tables import writer
from app.services.tickets import incidents, lifecycle, notes
from app.services.tickets.incidents import Shown
from app.web.console import exports

blueprint = Blueprint("console_incidents", __name__)
CHANNEL = "console"


@blueprint.get("/console/incidents")
@live.keeps_fresh
def incidents_index() -> str | Response:
    if exports.requested():
        return exports.export("incidents", _columns(), _lines)
    with read_session() as session:
        shown = incidents.listed(session, most=incidents.MOST + 1)
    more = len(shown) > incidents.MOST
    listed = {"shown": shown[: incidents.MOST], "more": more, "listed_most": incidents.MOST}
    return render_template("console/incidents.html", most=notes.LONGEST, **listed)


def _lines(session: Session, _after: None) -> exports.Whole:
    """A line for each department that joined, or one where none did."""
    return exports.Whole([line for one in incidents.listed(session, most=writer.MOST_ROWS) for line in _joined(one)])


def _joined(one: Shown) -> Iterator[tuple[Shown, Line | None]]:
    yield from ((one, row) for row in one.joined or (None,))


def _columns() -> exports.Columns:
    return {
        gettext("重大故障"): lambda line: line[0].incident.title,
        gettext("工单"): lambda line: line[0].ticket.number,
        gettext("状态"): lambda line: word("state", line[0].ticket.state),
        gettext("公告于"): lambda line: line[0].incident.opened_at,
        gettext("撤下于"): lambda line: line[0].incident.closed_at,
        gettext("加入的科室"): lambda line: line[1] and line[1].name,
        gettext("科室的工单"): lambda line: line[1] and line[1].number,
        gettext("科室工单的状态"): lambda line: line[1] and word("state", line[1].state),
        gettext("人数"): lambda line: line[1] and line[1].people,
        gettext("复盘"): lambda line: "\n".join(note.text for note in line[0].reviews),
    }


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
