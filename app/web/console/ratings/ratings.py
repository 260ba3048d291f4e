"""Ratings, for the hospital only: what was said, what counts, the figure for a choice of them, praise to approve."""

from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask import Response as Wire
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http.context import now, read_session, runtime, transaction
from app.http.errors import words
from app.http.i18n import gettext
from app.http.words import chips, word
from app.models.rating import EXCLUSION_REASONS, LEVELS
from app.services.organisation import catalogue, directory, saved_filters
from app.services.ratings import exclusions, praise, search
from app.services.ratings.search import RatingFilter
from app.web.console import exports, filters

blueprint = Blueprint("console_ratings", __name__)

SHOWN = ("", "low", "praise", "wall", "flagged", "counted", "unverified", "excluded")


@blueprint.get("/console/ratings")
def rating_index() -> str | Wire:
    show, level = filters.code("show", SHOWN), filters.code("level", {str(level) for level in LEVELS})
    first, last = filters.day("from") if "from" in request.args else _quarter_begins(), filters.day("to")
    chosen = RatingFilter(
        level=int(level) if level else None,
        counted={"counted": True, "unverified": False}.get(show),
        department_id=filters.row_id("department"),
        engineer_id=filters.row_id("engineer"),
        since=filters.beginning(first),
        until=filters.end(last),
        low=show == "low",
        praise=show == "praise",
        wall=show == "wall",
        flagged=show == "flagged",
        excluded=show == "excluded",
        oldest_first=filters.oldest_first(),
    )
    if exports.requested():
        return exports.export("ratings", _columns(), lambda session, after: search.find(session, chosen, after=after))
    with read_session() as session:
        return render_template(
            "console/ratings.html",
            page=search.find(session, chosen, after=filters.cursor("after")),
            figure=search.figure(session, chosen),
            oldest=chosen.oldest_first,
            first=first,
            last=last,
            tabs=SHOWN,
            levels=LEVELS,
            departments=catalogue.departments(session),
            engineers=directory.engineers(session),
            saved=saved_filters.of_page(session, g.visitor.person_id, "ratings"),
        )


def _columns() -> exports.Columns:
    return {
        gettext("时间"): lambda row: row.at,
        gettext("工单"): lambda row: row.number,
        gettext("满意程度"): lambda row: word("level", row.level),
        gettext("更正前"): lambda row: word("level", row.first_level) if row.corrected_at else "",
        gettext("更正于"): lambda row: row.corrected_at,
        gettext("计入"): lambda row: exports.yes(row.counted),
        gettext("科室"): lambda row: row.department,
        gettext("服务"): lambda row: row.category,
        gettext("工程师"): lambda row: row.lead,
        gettext("评价人"): lambda row: row.rater,
        gettext("原因"): lambda row: chips("reasons", row.reasons),
        gettext("服务质量"): lambda row: chips("quality", row.quality),
        gettext("各触点"): lambda row: chips("faces", row.faces),
        gettext("补充说明"): lambda row: row.comment,
        gettext("有人要求改评价"): lambda row: exports.yes(row.pressed),
        gettext("表扬"): lambda row: word("praise", row.praise) if row.praise else "",
        gettext("排除原因"): lambda row: word("exclusion", row.excluded) if row.excluded else "",
        gettext("排除的说明"): lambda row: row.excluded_note,
        gettext("谁排除的"): lambda row: row.excluded_by,
        gettext("排除于"): lambda row: row.excluded_at,
    }


@blueprint.post("/console/ratings/<id:rating_id>/praise")
def decide_praise(rating_id: int) -> Response:
    approve = request.form.get("decision") == "approve"
    with transaction() as session:
        praise.decide(session, rating_id, approve=approve, by=g.visitor.person_id, at=now(), channel="console")
    flash(gettext("已转告工程师。") if approve else gettext("不转告，评价本身不变。"), "success")
    return redirect(f"{url_for('console_ratings.rating_index')}?show=praise&from=", 303)


@blueprint.post("/console/ratings/<id:rating_id>/wall")
def take_down(rating_id: int) -> Response:
    with transaction() as session:
        praise.take_down(session, rating_id, by=g.visitor.person_id, at=now(), channel="console")
    flash(gettext("已从表扬墙撤下，工程师仍然看得到。"), "success")
    return redirect(f"{url_for('console_ratings.rating_index')}?show=wall&from=", 303)


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
                at=now(),
                channel="console",
            )
    except Refused as refused:
        if refused.code != "exclusion_unfounded":
            raise
        return _exclusion_page(rating_id, words(refused)), 422
    flash(gettext("已排除。评价仍然保留，两个数字都会显示。"), "success")
    return redirect(f"{url_for('console_ratings.rating_index')}?show=excluded&from=", 303)


def _exclusion_page(rating_id: int, fault: str) -> str:
    with read_session() as session:
        row = search.one(session, rating_id)
    return render_template(
        "console/rating_exclude.html",
        row=row,
        fault=fault,
        reasons=EXCLUSION_REASONS,
        most=exclusions.NOTE_MOST,
    )


def _quarter_begins() -> date:
    today = now().astimezone(runtime().settings.timezone).date()
    return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
