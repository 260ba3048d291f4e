"""The live board, and what every page that shows open work asks to stay as it is in the database."""

import hmac
from hashlib import sha256

from flask import Response, g, jsonify, render_template, request

from app.http.context import now, read_session, runtime
from app.models.ticket import OPEN_STATES
from app.services.dashboards import board
from app.services.dashboards.board import BoardFilter, LiveBoard, Satisfaction, Shared
from app.web.console import filters
from app.web.console.overview import blueprint

MINUTE = 60


@blueprint.get("/console/board")
def live_board() -> str:
    wanted = BoardFilter(
        state=filters.code("state", set(OPEN_STATES)),
        team_id=filters.row_id("team"),
        newest_first=request.args.get("order") == "newest",
    )
    # What nobody has numbered yet is no reason to show an old board.
    shared = Shared() if runtime().watch.behind() else runtime().board
    shown = shared.get(_state(), wanted, lambda: _load(wanted))
    today = shared.get(_state(), "satisfaction", _satisfaction) if g.visitor.supervises else None
    return render_template(
        "console/board.html",
        board=shown,
        today=today,
        states=("", *OPEN_STATES),
        wall=request.args.get("wall") == "1",
        loud=" ".join(row.ticket.number for row in shown.rows if row.loud),
    )


@blueprint.get("/console/changes")
def changes() -> Response:
    """A version that is another one when the page would be: asked every second by pages that are open."""
    runtime().watch.follow()
    return jsonify(version=live_version())


@blueprint.app_template_global()
def live_version() -> str:
    # Not the number itself: from its leaps the provider could count what is hidden from them.
    key = runtime().settings.secret_keys[0].encode()
    return hmac.new(key, f"board {_state()}".encode(), sha256).hexdigest()[:16]


def _state() -> tuple[int, int]:
    """The last event, and the minute: what is left of a limit is shown in minutes."""
    return runtime().watch.last(), int(now().timestamp()) // MINUTE


def _load(wanted: BoardFilter) -> LiveBoard:
    with read_session() as session:
        return board.load(session, wanted, zone=runtime().settings.timezone, at=now())


def _satisfaction() -> Satisfaction:
    with read_session() as session:
        return board.satisfaction(session, zone=runtime().settings.timezone, at=now())
