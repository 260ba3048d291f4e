"""A participant objects: by the newest receipt they were shown or would be now, or by one they bring."""

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session

from app.errors import Refused
from app.http import phone_gate, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.errors import status_of, words
from app.models import Draw
from app.services.draws import announcement, objections, published_files, receipts
from app.services.draws.receipts import Receipt

blueprint = Blueprint("draw_object", __name__)

REFUSALS = frozenset({"receipt_not_ours", "nothing_missing", "objected_before", "objections_over", "not_committed"})


@blueprint.get("/my/receipts/<draw_id>/object")
@phone_gate.for_person
def objection_form(person_id: int, draw_id: str) -> Page:
    return _page(draw_id, person_id)


@blueprint.post("/my/receipts/<draw_id>/object")
@session.checks_its_own_form
def object_(draw_id: str) -> Page:
    session.check_form("object", draw_id)
    person_id = phone_gate.person()
    typed = request.form.get("receipt", "").strip()
    try:
        with transaction() as db:
            draw = announcement.find(db, draw_id)
            held = _newest(db, draw, person_id)
            announced = objections.parse(typed) if typed or not held else objections.receipt_fields(held)
            objections.object_(db, draw, **announced, by=person_id, at=now())
    except Refused as refused:
        if refused.code not in REFUSALS:
            raise
        return _page(draw_id, person_id, typed=typed, fault=words(refused)), status_of(refused)
    return redirect(f"/my/receipts/{draw_id}/object", 303)


def _page(draw_id: str, person_id: int, typed: str = "", fault: str = "") -> str:
    with read_session() as db:
        draw = announcement.find(db, draw_id)
        announced = published_files.announced(db, draw)
        committed = published_files.versions(db, draw) > 0
        held = _newest(db, draw, person_id)
        own = objections.of_person(db, draw, person_id)
    until = objections.closes(announced)
    return render_template(
        "draws/object.html",
        draw=draw,
        held=held,
        mine=own,
        until=until,
        open=committed and now() <= until,
        late=now() > published_files.when(announced, "objections_until"),
        committed=committed,
        typed=typed,
        fault=fault,
        form=session.form_token("object", draw_id),
    )


def _newest(db: Session, draw: Draw, person_id: int) -> Receipt | None:
    """Of the receipt they were given and the one they would be given now, that with more tickets."""
    found = (
        receipts.receipt_of(db, draw, person_id, zone=runtime().settings.timezone),
        receipts.kept(db, draw, person_id),
    )
    return max((one for one in found if one), key=lambda one: one.tickets, default=None)
