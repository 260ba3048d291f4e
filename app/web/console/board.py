"""The live board, and what every page that shows open work asks to stay as it is in the database."""

import time

from flask import g, render_template, request
from markupsafe import Markup

from app.http import live
from app.http.context import now, read_session, runtime
from app.http.i18n import language
from app.models.ticket import OPEN_STATES
from app.services.dashboards import board
from app.services.dashboards.board import BoardFilter, LiveBoard, Satisfaction
from app.services.feed import LOOK_SECONDS
from app.web.console import filters
from app.web.console.overview import blueprint


@blueprint.get("/console/board")
@live.keeps_fresh
def live_board() -> str:
    chosen = BoardFilter(
        state=filters.code("state", set(OPEN_STATES)),
        team_id=filters.row_id("team"),
        campus_id=filters.row_id("campus"),
        provider_id=filters.row_id("provider"),
        newest_first=request.args.get("order") == "newest",
    )
    # What nobody has numbered yet is no reason to show an old board: such a look is shared for half a second only, so
    # that two hundred boards cost no more than one while something happens all the time.
    version = (g.live_state, int(time.monotonic() / LOOK_SECONDS) if runtime().watch.behind() else None)
    shared = runtime().board
    shown = shared.get(version, chosen, lambda: _load(chosen))
    today = shared.get(version, "satisfaction", _satisfaction) if g.visitor.supervises else None
    wall = request.args.get("wall") == "1"

    def drawn() -> str:
        loud = " ".join(row.ticket.number for row in shown.rows if row.loud)
        facts = {"board": shown, "today": today, "states": ("", *OPEN_STATES), "wall": wall, "loud": loud}
        return render_template("console/board_region.html", **facts)

    # The same for everybody who asked for the same in the same language.
    kind = (request.full_path, language(), g.visitor.supervises)
    region = Markup(shared.get(version, kind, drawn))  # noqa: S704 our own template
    if "X-Region" in request.headers:  # an open board needs no more than what changes
        return region
    return render_template("console/board.html", board=shown, region=region, wall=wall)


blueprint.add_url_rule("/console/changes", view_func=live.changes)


def _load(chosen: BoardFilter) -> LiveBoard:
    with read_session() as session:
        return board.load(session, chosen, zone=runtime().settings.timezone, at=now())


def _satisfaction() -> Satisfaction:
    with read_session() as session:
        return board.satisfaction(session, zone=runtime().settings.timezone, at=now())
