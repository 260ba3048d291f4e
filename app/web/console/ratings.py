"""Ratings, for the hospital only: what was said, what counts, the figure for a choice of them, praise to approve."""

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.models.rating import EXCLUSION_REASONS, LEVELS
from app.services import catalogue, exclusions, praise, rating_list, tickets
from app.services.rating_list import RatingFilter
from app.web.console import asked
from app.web.console.blueprint import console_blueprint
from app.web.edge import moment, reading, runtime, transaction
from app.web.faults import words
from app.web.i18n import gettext

blueprint = console_blueprint("console_ratings")

SHOWN = ("", "low", "praise", "flagged", "counted", "unverified", "excluded")


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
        excluded=show == "excluded",
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


@blueprint.get("/console/ratings/<id:rating_id>/exclude")
def exclusion_form(rating_id: int) -> str:
    return _exclusion_page(rating_id, "")


@blueprint.post("/console/ratings/<id:rating_id>/exclude")
def exclude(rating_id: int) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            exclusions.exclude(
                session,
                rating_id,
                reason=request.form.get("reason", ""),
                note=request.form.get("note", ""),
                by=g.visitor.person_id,
                at=moment(),
                channel="console",
            )
    except Refused as refused:
        if refused.code != "exclusion_unfounded":
            raise
        return _exclusion_page(rating_id, words(refused)), 422
    flash(gettext("已排除。评价仍然保留，两个数字都会显示。"), "success")
    return redirect(f"{url_for('console_ratings.rating_index')}?show=excluded&from=", 303)


def _exclusion_page(rating_id: int, fault: str) -> str:
    with reading() as session:
        row = rating_list.one(session, rating_id)
    return render_template(
        "console/rating_exclude.html",
        row=row,
        fault=fault,
        reasons=EXCLUSION_REASONS,
        most=exclusions.NOTE_MOST,
    )


def _quarter_begins() -> date:
    today = moment().astimezone(runtime().settings.timezone).date()
    return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
