"""The first page: what is open, what waits."""

from flask import Blueprint, g, render_template

from app.http import live
from app.http.context import now, read_session, runtime
from app.services import wechat_callbacks
from app.services.dashboards import overview as board
from app.services.notices import circuit_breaker
from app.services.ratings import appeals
from app.services.service_levels import calendars, days_off, escalation

blueprint = Blueprint("console", __name__)  # also of the pages around it: tickets, notices, what is printed


@blueprint.app_template_test()
def repeated(cycle: int) -> bool:
    """A ticket that was opened again: its pages then say for which time."""
    return cycle > 1


@blueprint.get("/console")
@live.keeps_fresh
def overview() -> str:
    supervises = g.visitor.supervises
    with read_session() as session:
        trust_all = runtime().settings.rating_trust == "open"
        shown = board.board(session, now(), for_provider=not supervises, trust_all=trust_all)
        unopened = escalation.red(session, at=now())
        manages = None if supervises else appeals.manages(session, g.visitor.person_id, now().date())
        stops = circuit_breaker.standing(session)
        standing = wechat_callbacks.standing_alerts(session, at=now())
        hospital = board.hospital_board(session, now(), admin=g.visitor.administers) if supervises else None
        hours = calendars.hours(session, runtime().settings.timezone)
    return render_template(
        "console/overview.html",
        board=shown,
        hospital=hospital,
        alerts=standing,
        unopened=unopened,
        stops=stops,
        manages=manages,
        days_off_missing=days_off.missing(hours, now().date()),
    )
