"""The first page: what is open, what waits."""

from flask import g, render_template

from app.services import alerts, board
from app.web.console.blueprint import blueprint
from app.web.edge import moment, reading


@blueprint.get("/console")
def overview() -> str:
    with reading() as session:
        shown = board.board(session, moment())
        standing = alerts.standing(session, at=moment())
        hospital = board.hospital_board(session, moment()) if g.visitor.supervises else None
    return render_template("console/overview.html", board=shown, hospital=hospital, alerts=standing)
