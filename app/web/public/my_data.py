"""`/my/data`: what is kept about whoever looks, as a page and as a file, and the request to have it erased."""

from dataclasses import replace

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from app.http import phone_gate, session
from app.http.context import now, read_session, runtime, transaction
from app.http.words import kept_for, lines
from app.services.privacy import erasure, personal_data
from app.services.privacy.data.subject import Subject
from app.texts.personal_data import GROUPS

blueprint = Blueprint("data", __name__)

SHOWN = 3  # rows of each kind on the page; the file has all
COUNTED = 100  # and no further
FORM = "erasure"


@blueprint.get("/my/data")
def show() -> Response | str:
    identity = phone_gate.known_identity()
    if identity is None:
        return phone_gate.to_wechat("/my/data")
    with read_session() as db:
        subject = replace(Subject.of_identity(db, identity), last=COUNTED)
        found = personal_data.groups(db, subject, most=SHOWN)
        waiting = erasure.waiting_request(db, identity)
        reach = erasure.extent(db, subject.person_id, now().date())
    settings = runtime().settings
    groups = [(GROUPS[group.code], group, [lines(row) for row in group.rows]) for group in found]
    return render_template(
        "data.html",
        groups=groups,
        kept_for=lambda note: kept_for(note, settings),
        asked=waiting,
        bound=subject.person_id is not None,
        whole=reach == erasure.WHOLE,
        token=session.form_token(FORM),
    )


@blueprint.get("/my/data/export")
def export() -> Response | str:
    identity = phone_gate.known_identity()
    if identity is None:
        return phone_gate.to_wechat("/my/data")
    with read_session() as db:
        found = personal_data.groups(db, Subject.of_identity(db, identity))
    answer = Response(personal_data.as_json(found, at=now(), indent=1), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@blueprint.post("/my/data/erasure")
@session.checks_its_own_form
def ask() -> Response:
    session.check_form(FORM)
    identity = phone_gate.identity()
    with transaction() as db:
        erasure.ask(db, identity, at=now())
    return redirect("/my/data", 303)


@blueprint.post("/my/data/erasure/withdraw")
@session.checks_its_own_form
def withdraw() -> Response:
    session.check_form(FORM)
    identity = phone_gate.identity()
    with transaction() as db:
        erasure.withdraw(db, identity, at=now())
    return redirect("/my/data", 303)
