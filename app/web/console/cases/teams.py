"""The provider's manager: the teams' figures in closed blocks, and what waits to be done."""

from flask import abort, g, render_template

from app.http.context import now, read_session, runtime
from app.services.dashboards import own_figures
from app.services.indicators.quarters import Quarter
from app.services.ratings import appeals
from app.web.console.cases.recovery import blueprint


@blueprint.get("/console/teams")
def teams() -> str:
    zone, quarter = runtime().settings.timezone, Quarter.at(now().date())
    with read_session() as session:
        provider = appeals.manages(session, g.visitor.person_id, now().date())
        if provider is None:
            abort(404)
        shown = own_figures.teams(session, provider, quarter, zone=zone, at=now())
        to_do = own_figures.to_do(session, provider, at=now())
    return render_template("console/teams.html", teams=shown, to_do=to_do, quarter=quarter)
