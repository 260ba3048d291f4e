"""The handover sheet: one page to print at each change of shift."""

from datetime import time, timedelta

from flask import g, render_template

from app.http import live
from app.http.context import now, read_session, runtime
from app.services.dashboards import handover
from app.web.console.overview import blueprint
from config.sla import service_levels


@blueprint.get("/console/handover")
@live.keeps_fresh
def handover_sheet() -> str:
    zone = runtime().settings.timezone
    shift = handover.shift_of(now(), service_levels().shift_changes or (time(),), zone=zone)
    with read_session() as session:
        sheet = handover.load(session, shift, zone=zone, at=now())
    return render_template(
        "console/handover.html",
        sheet=sheet,
        shift=shift,
        soon=shift.ends - now() < timedelta(hours=1),
        by=g.visitor.name,
    )
