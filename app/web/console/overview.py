"""The first page: what is open, what waits."""

from flask import g, render_template

from app.http.context import moment, reading
from app.services import wechat_callbacks
from app.services.dashboards import overview as board
from app.services.notices import circuit_breaker
from app.services.service_levels import escalation
from app.web.console.blueprint import blueprint


@blueprint.get("/console")
def overview() -> str:
    supervises = g.visitor.supervises
    with reading() as session:
        shown = board.board(session, moment(), for_provider=not supervises)
        unopened = escalation.red(session, at=moment())
        stops = circuit_breaker.standing(session)
        standing = wechat_callbacks.standing_alerts(session, at=moment())
        hospital = board.hospital_board(session, moment()) if supervises else None
    return render_template(
        "console/overview.html", board=shown, hospital=hospital, alerts=standing, unopened=unopened, stops=stops
    )
