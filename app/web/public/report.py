"""`/report`: a fault is reported, by typing or about a label that was scanned."""

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select

from app.http import phone_gate, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.ids import parse_id
from app.models import Category
from app.services.organisation.assets import LabelTarget
from app.services.tickets import requester

blueprint = Blueprint("report", __name__)


@blueprint.get("/report")
def form() -> Page:
    here = "/report?slip=blank" if request.args.get("slip") else "/report"  # the word outlives the way to the form
    return phone_gate.before(here, bound=True) or report_page()


@blueprint.post("/report")
@session.checks_its_own_form
def report() -> Page:
    session.check_form(request.path)
    return take_report()


def take_report(about: LabelTarget | None = None) -> Page:
    """What was typed becomes a ticket, or the page again with what it lacks."""
    person_id = phone_gate.person()
    description = request.form.get("description", "").strip()
    if not description or len(description) > requester.DESCRIPTION_MOST:
        return report_page(about, fault="description"), 422
    with transaction() as db:
        fault = requester.Fault(description, _category(request.form.get("category", "")), about=about)
        zone = runtime().settings.timezone
        ticket_id = requester.report(db, person_id, fault, at=now(), zone=zone, channel="wechat")
    return redirect(runtime().links.ticket_path(ticket_id), 303)


def report_page(about: LabelTarget | None = None, *, fault: str = "") -> str:
    """The form, for anything or for what was scanned; it comes back to the address it was shown at."""
    with read_session() as db:
        categories = db.execute(select(Category.id, Category.name).order_by(Category.name)).all()
    shown = {"about": about, "fault": fault, "categories": categories, "most": requester.DESCRIPTION_MOST}
    return render_template("report.html", **shown, token=session.form_token(request.path))


def _category(text: str) -> int | None:
    number = parse_id(text)
    with read_session() as db:
        return db.scalar(select(Category.id).where(Category.id == number)) if number is not None else None
