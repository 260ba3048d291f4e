"""The engineer's own photo, which users see on the page of a ticket they come for."""

from flask import Response, g, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.http import session
from app.http.context import now, read_session, transaction
from app.services import images
from app.services.organisation import portraits
from app.web.engineer.tickets import blueprint


@blueprint.get("/engineer/portrait")
def portrait() -> str:
    with read_session() as db:
        has_one = g.visitor.person_id in portraits.who_have_one(db, [g.visitor.person_id])
    return render_template("engineer/portrait.html", has_one=has_one, form=session.form_token("portrait"))


@blueprint.get("/engineer/portrait.jpg")
def portrait_picture() -> Response:
    with read_session() as db:
        return Response(portraits.of_person(db, g.visitor.person_id), mimetype=images.MEDIA_TYPE)


@blueprint.post("/engineer/portrait")
@session.checks_its_own_form
def put_portrait() -> Answer:
    request.max_content_length = images.LARGEST_FORM  # before the form is read
    session.check_form("portrait")
    file = request.files.get("photo")
    content = file.read() if file else b""
    if not content or request.form.get("consent") != "yes":
        raise Refused("portrait_needs_consent")
    picture = images.redrawn(content)
    with transaction() as db:
        portraits.put(db, g.visitor.person_id, picture, at=now())
    return redirect("/engineer/portrait", 303)


@blueprint.post("/engineer/portrait/withdraw")
@session.checks_its_own_form
def take_back_portrait() -> Answer:
    session.check_form("portrait")
    with transaction() as db:
        portraits.take_back(db, g.visitor.person_id)
    return redirect("/engineer/portrait", 303)
