"""Paper and telephone ratings, entered by the hospital's supervision; never by the desk, never by the provider."""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.http import forms
from app.http import session as visit
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext, show_day
from app.http.ids import parse_id
from app.http.words import word
from app.models.rating import LEVELS
from app.services import images
from app.services.ratings import manual_entry
from app.services.ratings.manual_entry import PAPER, SOURCES, Entry, ManualRating
from app.services.tickets import lifecycle
from app.web.console import exports, filters

blueprint = Blueprint("console_entered", __name__)
blueprint.add_app_template_test(manual_entry.after_its_day)


@blueprint.get("/console/entered")
def entered_index() -> str | Response:
    oldest = filters.oldest_first()
    if exports.requested():
        return exports.export(
            "entered", _columns(), lambda session, after: manual_entry.find(session, oldest=oldest, after=after)
        )
    with read_session() as session:
        page = manual_entry.find(session, oldest=oldest, after=filters.cursor("after"))
        figure = manual_entry.figure(session)
    return render_template("console/entered.html", page=page, figure=figure, sources=SOURCES, oldest=oldest)


def _columns() -> exports.Columns:
    """Of a slip the day is known, of a call the minute."""
    return {
        gettext("工单"): lambda row: row.number,
        gettext("轮次"): lambda row: row.cycle,
        gettext("满意程度"): lambda row: word("level", row.level),
        gettext("来源"): lambda row: word("entered", row.source),
        gettext("单子上的日期，或通话的时间"): lambda row: show_day(row.given_at) if row.on_paper else row.given_at,
        gettext("科室"): lambda row: row.department,
        gettext("服务"): lambda row: row.category,
        gettext("工程师"): lambda row: row.lead,
        gettext("代录人"): lambda row: row.by,
        gettext("代录时间"): lambda row: row.at,
        gettext("本人也在线评价过"): lambda row: exports.yes(row.rated_too),
        gettext("空白单连到工单的时间"): lambda row: row.linked_at if row.on_paper else None,
        gettext("空白单由谁连的"): lambda row: row.linked_by if row.on_paper else None,
    }


@blueprint.get("/console/entered/new")
def entered_new() -> str:
    """What the number stands for, before anything is kept: nothing of it can be corrected."""
    rating = _manual_rating(request.args)
    with read_session() as session:
        ticket = manual_entry.ticket(session, filters.text("number"))
        fits = manual_entry.fits(session, ticket, rating, window=runtime().settings.rating_window, at=now())
    if all(one.entered for one in fits):
        raise Refused("entered_before")
    shown = {"number": ticket.number, "fits": fits, "several": len(fits) > 1, "given": rating, "levels": LEVELS}
    return render_template("console/entered_new.html", form=visit.form_token("entered"), **shown)


@blueprint.post("/console/entered")
@visit.checks_its_own_form
def enter() -> Answer:
    request.max_content_length = images.LARGEST_FORM  # before the form is read
    visit.check_form("entered")
    number, entry = forms.typed("number"), _entry()
    with transaction() as session:
        ticket = lifecycle.locked(session, number=number)
        window = runtime().settings.rating_window
        manual_entry.enter(session, ticket, entry, window=window, by=g.visitor.person_id, at=now())
    flash(gettext("已代录，不计入得分，也不参加抽奖。"), "success")
    return redirect("/console/entered", 303)


@blueprint.get("/console/entered/<id:completion_id>/photo")
def entered_photo(completion_id: int) -> Response:
    with read_session() as session:
        found = manual_entry.photo(session, completion_id)
    return Response(found.content, mimetype=found.media_type)


def _entry() -> Entry:
    level, rating = request.form.get("level", ""), _manual_rating(request.form)
    file = request.files.get("photo")
    content = file.read() if file else b""
    photo = images.redrawn(content) if content and rating.source == PAPER else None
    completion_id = parse_id(request.form.get("completion", ""))
    return Entry(completion_id, int(level) if level in map(str, LEVELS) else 0, rating, photo)


def _manual_rating(fields: Mapping[str, str]) -> ManualRating:
    """The day on the slip; of a call the minute too."""
    source, day, time = (fields.get(name, "") for name in ("source", "day", "time"))
    try:
        at = datetime.fromisoformat(f"{day}T{'00:00' if source == PAPER else time}")
    except ValueError as error:
        raise Refused("absurd_time") from error
    if at.tzinfo is not None or at.year not in filters.YEARS:
        raise Refused("absurd_time")
    return ManualRating(source, at.replace(tzinfo=runtime().settings.timezone))
