"""`/report`: a fault is reported, by typing or about a label that was scanned."""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app.errors import Refused
from app.http import forms, phone_gate, rate_limits, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.errors import status_of, words
from app.http.ids import parse_id
from app.models import Category
from app.services import images
from app.services.organisation import catalogue
from app.services.organisation.assets import LabelTarget
from app.services.tickets import incidents, lifecycle, photos, requester

blueprint = Blueprint("report", __name__)

LARGEST_FORM = 26 * 1024 * 1024  # a picture of 20 MB is read, and refused in words, with what was typed kept
LOCATION_MOST, TELEPHONE_MOST = 70, 20  # together one line of the ticket


@blueprint.get("/report")
def form() -> Page:
    here = "/report?slip=blank" if request.args.get("slip") else "/report"  # the word outlives the way to the form
    return phone_gate.before(here, bound=True) or report_page()


@blueprint.post("/report")
@session.checks_its_own_form
def report() -> Page:
    check_report()
    return take_report()


@blueprint.post("/report/incidents/<id:incident_id>")
@session.checks_its_own_form
def join_incident(incident_id: int) -> Page:
    """Me too: to the page of my department's ticket."""
    session.check_form("incidents")
    person_id = phone_gate.person()
    with transaction() as db:
        zone = runtime().settings.timezone
        ticket_id = incidents.join(db, incident_id, person_id=person_id, at=now(), zone=zone, channel="wechat")
    return redirect(runtime().links.ticket_path(ticket_id), 303)


def check_report() -> None:
    """Before anything else is read of a form that may be large."""
    request.max_content_length = LARGEST_FORM
    session.check_form(request.path)


def take_report(about: LabelTarget | None = None) -> Page:
    """What was typed becomes a ticket, or the page again with what it lacks; nothing typed is lost."""
    person_id = phone_gate.person()
    description = request.form.get("description", "").strip()
    if not description or len(description) > requester.DESCRIPTION_MOST:
        return report_page(about, fault="description"), 422
    try:
        pictures = [images.redrawn(file.read()) for file in _photos()]
        with transaction() as db:
            ticket_id = _report(db, person_id, description, about)
            # The same report once more brings the same photos: they are there already.
            for picture in [] if photos.of_ticket(db, ticket_id) else pictures:
                held = lifecycle.locked(db, ticket_id=ticket_id)
                photos.add(db, held, picture, by=person_id, at=now())
    except Refused as refused:
        return report_page(about, fault=words(refused)), status_of(refused)
    return redirect(runtime().links.ticket_path(ticket_id), 303)


def _report(db: Session, person_id: int, description: str, about: LabelTarget | None) -> int:
    served, number = None, forms.typed("for")
    if number:
        if not rate_limits.may_name_people(person_id):
            raise Refused("report_for_nobody")
        served = requester.somebody_else(db, number, at=now())
    telephone, where = forms.typed("telephone", TELEPHONE_MOST), forms.typed("location", LOCATION_MOST)
    spot = requester.spot(where, telephone)
    fault = requester.Fault(description, _category(request.form.get("category", "")), spot, about, served)
    return requester.report(db, person_id, fault, at=now(), zone=runtime().settings.timezone, channel="wechat")


def _photos() -> list[FileStorage]:
    sent = [file for file in request.files.getlist("photo") if file.filename]
    if len(sent) > photos.MOST:
        raise Refused("photos_enough", most=photos.MOST)
    return sent


def report_page(about: LabelTarget | None = None, *, fault: str = "") -> str:
    """The form, for anything or for what was scanned; it comes back to the address it was shown at."""
    with read_session() as db:
        categories = catalogue.categories_for_users(db, standing=about.category_id if about else None)
        standing = incidents.standing(db)
        known = requester.on_record(db, phone_gate.person(), day=now().date())
    shown: dict[str, Any] = {
        "about": about,
        "known": known,
        "fault": fault,
        "categories": categories,
        "most": requester.DESCRIPTION_MOST,
    }
    shown |= {"most_photos": photos.MOST, "location_most": LOCATION_MOST}
    shown["telephone_most"] = TELEPHONE_MOST
    joining = {"incidents": standing, "incident_token": session.form_token("incidents")}
    return render_template("report.html", **shown, **joining, token=session.form_token(request.path))


def _category(text: str) -> int | None:
    number = parse_id(text)
    with read_session() as db:
        return number if catalogue.can_be_chosen(db, Category, number) else None
