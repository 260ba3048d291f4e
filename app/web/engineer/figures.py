"""The engineer's own figures: a band in closed blocks, and what would raise it."""

from flask import g, render_template

from app.http.context import now, read_session, runtime
from app.services.dashboards import own_figures
from app.services.indicators.quarters import Quarter
from app.services.tickets import on_the_spot
from app.web.engineer.tickets import blueprint


@blueprint.get("/engineer/figures")
def figures() -> str:
    zone, this = runtime().settings.timezone, Quarter.at(now().date())
    person: int = g.visitor.person_id
    with read_session() as db:
        shown = {
            quarter: own_figures.of_engineers(db, [person], quarter, zone=zone, at=now()).get(person)
            for quarter in (this, this.before)
        }
        spot = on_the_spot.share(db, person, since=this.begins(zone), until=this.ends(zone))
        habits = own_figures.habits(db, person, this, zone=zone)
    return render_template("engineer/figures.html", shown=shown, habits=habits, spot=spot)
