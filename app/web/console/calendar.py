"""Which days are worked: the yearly notices that are known, and taking in the next one."""

from flask import Blueprint, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext
from app.services.service_levels import agreed, calendars, days_off

blueprint = Blueprint("console_calendar", __name__)


@blueprint.get("/console/calendar")
def calendar_index() -> str:
    with read_session() as session:
        hours = calendars.hours(session, runtime().settings.timezone)
        levels = agreed.levels(session)
    return render_template(
        "console/calendar.html",
        years=hours.years[::-1],
        missing=days_off.missing(hours, now().date()),
        calendars=levels.calendars.values(),
        versions=levels.versions[::-1],
    )


@blueprint.post("/console/calendar")
def take_in() -> Response:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Refused("days_off_no_file")
    days = days_off.read(file.read())
    zone = runtime().settings.timezone
    with transaction() as session:
        fresh = days_off.take_in(session, days, zone=zone, by=g.visitor.person_id, at=now(), channel="console")
    text = gettext("已导入，未完成工单的时限已重算。") if fresh else gettext("和已有的一样，没有变化。")
    flash(text, "success")
    return redirect("/console/calendar", 303)
