"""Paper and telephone ratings, entered by the hospital's supervision; never by the desk, never by the provider."""

from datetime import datetime

from flask import Response, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.models.rating import LEVELS
from app.services import entered_ratings, photos, tickets
from app.services.entered_ratings import PAPER, SOURCES, Entry
from app.web import visit
from app.web.console import asked
from app.web.console.blueprint import console_blueprint
from app.web.edge import moment, reading, runtime, transaction
from app.web.i18n import gettext

blueprint = console_blueprint("console_entered")


@blueprint.get("/console/entered")
def entered_index() -> str:
    with reading() as session:
        page = entered_ratings.find(session, after=asked.row_id("after"))
        figure = entered_ratings.figure(session)
    shown = {"page": page, "figure": figure, "levels": LEVELS, "sources": SOURCES}
    return render_template("console/entered.html", form=visit.form_token("entered"), **shown)


@blueprint.post("/console/entered")
@visit.checks_its_own_form
def enter() -> Answer:
    request.max_content_length = photos.LARGEST_FORM  # before the form is read
    visit.check_form("entered")
    number = asked.clean(request.form.get("number", ""))
    with reading() as session:
        found = entered_ratings.ticket_id(session, number)
    entry = _entry()
    with transaction() as session:
        ticket = tickets.locked(session, ticket_id=found)
        window = runtime().settings.rating_window
        entered_ratings.enter(session, ticket, entry, window=window, by=g.visitor.person_id, at=moment())
    flash(gettext("已代录，不计入得分，也不参加抽奖。"), "success")
    return redirect("/console/entered", 303)


@blueprint.get("/console/entered/<id:completion_id>/photo")
def entered_photo(completion_id: int) -> Response:
    with reading() as session:
        found = entered_ratings.photo(session, completion_id)
    return Response(found.content, mimetype=found.media_type)


def _entry() -> Entry:
    level, source = request.form.get("level", ""), request.form.get("source", "")
    file = request.files.get("photo")
    content = file.read() if file else b""
    photo = photos.redrawn(content) if content and source == PAPER else None
    return Entry(int(level) if level in map(str, LEVELS) else 0, source, _given_at(source), photo)


def _given_at(source: str) -> datetime:
    """The day on the slip; of a call the minute too."""
    day, time = request.form.get("day", ""), request.form.get("time", "")
    try:
        given = datetime.fromisoformat(f"{day}T{'00:00' if source == PAPER else time}")
    except ValueError as error:
        raise Refused("absurd_time") from error
    if given.tzinfo is not None or given.year not in asked.YEARS:
        raise Refused("absurd_time")
    return given.replace(tzinfo=runtime().settings.timezone)
