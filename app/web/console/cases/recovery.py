"""For the provider's quality manager: what was handed over after a call-back, what will be done, appeals."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http import session as visit
from app.http.context import now, read_session, runtime, transaction
from app.http.errors import words
from app.http.i18n import gettext
from app.models.rating import EXCLUSION_REASONS
from app.services import images
from app.services.ratings import appeals
from app.services.ratings.appeals import TEXT_MOST

blueprint = Blueprint("console_recovery", __name__)


@blueprint.get("/console/recovery")
def recovery_index() -> str:
    return _page("", {})


@blueprint.post("/console/recovery/<token>/plan")
def plan(token: str) -> Response | tuple[str, int]:
    case_id = runtime().links.handed_over(token)
    typed = {"case": token, "text": request.form.get("text", "")}
    try:
        with transaction() as session:
            _provider(session)
            appeals.plan(session, case_id, forms.typed("text", TEXT_MOST), by=g.visitor.person_id, at=now())
    except Refused as refused:
        return _page(words(refused), typed), 422
    flash(gettext("已记下，医院会看到。"), "success")
    return redirect("/console/recovery", 303)


@blueprint.post("/console/recovery/<token>/appeal")
@visit.checks_its_own_form
def appeal(token: str) -> Response | tuple[str, int]:
    request.max_content_length = images.LARGEST_FORM  # before the form is read
    case_id = runtime().links.handed_over(token)
    visit.check_form("appeal", case_id)
    typed = {"case": token, "appeal": request.form.get("text", "")}
    try:
        with read_session() as looking:
            _provider(looking)  # drawing costs much: only for who may appeal
        file = request.files.get("photo")
        content = file.read() if file else b""
        photo = images.redrawn(content) if content else None
        reason, text = request.form.get("reason", ""), forms.typed("text", TEXT_MOST)
        with transaction() as session:
            by = g.visitor.person_id
            appeals.appeal(session, case_id, reason=reason, text=text, photo=photo, by=by, at=now())
    except Refused as refused:
        return _page(words(refused), typed), 422
    flash(gettext("已提交，由医院决定。"), "success")
    return redirect("/console/recovery", 303)


def _provider(session: Session) -> int | None:
    """The hospital reads all of them; nobody else of the provider has this page, nor learns that there is one."""
    if g.visitor.supervises:
        return None
    found = appeals.manages(session, g.visitor.person_id, now().date())
    if found is None:
        abort(404)
    return found


def _page(fault: str, typed: dict[str, str]) -> str:
    with read_session() as session:
        rows = appeals.of_provider(session, _provider(session))
    return render_template(
        "console/recovery.html",
        rows=[
            (row, runtime().links.handover_token(row.case_id), visit.form_token("appeal", row.case_id)) for row in rows
        ],
        reasons=EXCLUSION_REASONS,
        fault=fault,
        typed=typed,
        most=TEXT_MOST,
    )
