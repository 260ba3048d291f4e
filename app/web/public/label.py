"""`/a/<token>`: the label on an asset or a room; it opens the report page with what was scanned filled in."""

from flask import Blueprint, render_template, request

from app.http import phone_gate, rate_limits, session
from app.http.context import Page, read_session, runtime
from app.services.organisation import assets, catalogue
from app.services.organisation.assets import LabelTarget
from app.services.tickets import arrivals
from app.web.public.report import check_report, report_page, take_report

blueprint = Blueprint("label", __name__)


@blueprint.get("/a/<token>")
def show(token: str) -> Page:
    """Nothing is recorded by looking."""
    found = rate_limits.throttle_unknown(lambda: _scanned(token))
    if found.retired:
        return _retired(found)
    first = phone_gate.before(request.path, bound=True)
    return first or (None if request.args.get("report") else _arrival(found, token)) or report_page(found)


def _arrival(found: LabelTarget, token: str) -> str | None:
    """An engineer who is awaited here says so with one tap, proved by the label; and what they mend besides."""
    visitor = session.phone_visitor()
    if visitor is None or "engineer" not in visitor.roles:
        return None
    with read_session() as db:
        jobs = arrivals.awaited(db, visitor.person_id, found)
        categories = catalogue.categories_now(db) if found.department_id is not None else []
    if not (jobs or categories):
        return None
    forms = {job.number: session.form_token("engineer", job.number) for job in jobs}
    spot = {"categories": categories, "spot": session.form_token("engineer", "spot")}
    return render_template("label_arrive.html", about=found, jobs=jobs, forms=forms, label=token, **spot)


@blueprint.post("/a/<token>")
@session.checks_its_own_form
def report(token: str) -> Page:
    check_report()
    found = rate_limits.throttle_unknown(lambda: _scanned(token))
    return _retired(found) if found.retired else take_report(found)


def _scanned(token: str) -> LabelTarget:
    kind, id_ = runtime().links.labelled(token)
    with read_session() as db:
        return assets.one(db, kind, id_)


def _retired(found: LabelTarget) -> tuple[str, int]:
    return render_template("label_retired.html", thing=found), 410
