"""Ratings, for the hospital only: what was said, what counts, the figure for a choice of them, praise to approve."""

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.models.rating import LEVELS
from app.services import catalogue, praise, rating_list, tickets
from app.services.rating_list import RatingFilter
from app.web.console import asked
from app.web.console.blueprint import console_blueprint
from app.web.edge import moment, reading, runtime, transaction
from app.web.i18n import gettext

blueprint = console_blueprint("console_ratings")

SHOWN = ("", "low", "praise", "flagged", "counted", "unverified")


@blueprint.get("/console/ratings")
def rating_index() -> str:
    show, level = asked.code("show", SHOWN), asked.code("level", {str(level) for level in LEVELS})
    first, last = asked.day("from") if "from" in request.args else _quarter_begins(), asked.day("to")
    wanted = RatingFilter(
        level=int(level) if level else None,
        counted={"counted": True, "unverified": False}.get(show),
        department_id=asked.row_id("department"),
        engineer_id=asked.row_id("engineer"),
        since=asked.beginning(first),
        until=asked.end(last),
        low=show == "low",
        praise=show == "praise",
        flagged=show == "flagged",
    )
    with reading() as session:
        return render_template(
            "console/ratings.html",
            page=rating_list.find(session, wanted, after=asked.row_id("after")),
            figure=rating_list.figure(session, wanted),
            first=first,
            last=last,
            tabs=SHOWN,
            levels=LEVELS,
            departments=catalogue.departments(session),
            engineers=tickets.engineers(session),
        )


@blueprint.post("/console/ratings/<id:rating_id>/praise")
def decide_praise(rating_id: int) -> Response:
    approve = request.form.get("decision") == "approve"
    with transaction() as session:
        praise.decide(session, rating_id, approve=approve, by=g.visitor.person_id, at=moment(), channel="console")
    flash(gettext("已转告工程师。") if approve else gettext("不转告，评价本身不变。"), "success")
    return redirect(f"{url_for('console_ratings.rating_index')}?show=praise&from=", 303)


def _quarter_begins() -> date:
    today = moment().astimezone(runtime().settings.timezone).date()
    return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
