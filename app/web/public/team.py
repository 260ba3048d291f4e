"""`/team`: who supervises and who serves, side by side, and who is on duty now; `/praise`: what was said of them.

For whom PUBLIC_PAGES says.
"""

from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy.orm import Session

from app.http import phone_gate, public_pages
from app.http.context import Page, now, read_session
from app.services import images
from app.services.dashboards import corridor, corridor_measures
from app.services.organisation import duty, team_chart
from app.services.ratings import praise
from app.services.reports import published
from config.team import team_file

blueprint = Blueprint("team", __name__)


@blueprint.get("/team")
def show() -> Page:
    if not public_pages.open_to_visitor():
        return phone_gate.before(request.path, bound=True) or abort(403)
    today = now().date()
    with read_session() as db:
        supervising, serving = team_chart.supervising(db, day=today), team_chart.serving(db, day=today)
        on_duty = duty.on_duty(db, at=now())
    return render_template(
        "team.html", supervising=supervising, serving=serving, on_duty=on_duty, dress_of=team_file().for_post
    )


@blueprint.get("/praise")
def praise_wall() -> Page:
    """What users said of engineers and agreed to be shown."""
    if not public_pages.open_to_visitor():
        return phone_gate.before(request.path, bound=True) or abort(403)
    with read_session() as db:
        return render_template("praise.html", wall=praise.wall(db, day=now().date()))


@blueprint.get("/team/<id:person_id>.jpg")
def photo(person_id: int) -> Response:
    if not public_pages.open_to_visitor():
        abort(404)
    with read_session() as db:
        return Response(team_chart.photo(db, person_id, day=now().date()), mimetype=images.MEDIA_TYPE)


def face(db: Session) -> dict[str, Any]:
    """What the first page shows of the supervision to whom it is open."""
    quarters = published.quarters(db)
    return {
        "supervising": team_chart.supervising(db, day=now().date()),
        "on_duty": duty.on_duty(db, at=now()),
        "quarter": quarters[0] if quarters else "",
        "results": published.of_quarter(db, quarters[0]) if quarters else [],
        "told": corridor_measures.published(db, corridor.names_of(db)),
    }
