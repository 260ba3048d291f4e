"""The draws, for the hospital only: which there are, one step by step, objections and the numbers of its steps."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, read_session, runtime, transaction
from app.http.errors import status_of, words
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.http.words import word
from app.services.draws import announcement, console_page, objections, public_numbers, public_page, published_files
from app.services.draws.published_files import Fields, when
from app.web.console import exports
from app.web.console.draws import balls
from app.web.draws.filters import draw_name

blueprint = Blueprint("console_draws", __name__)

NOTE_MOST = 500  # characters of a reason that is published
# Refusals that stand beside what was typed; every other one is a page of its own.
OF_NUMBERS = frozenset(
    {
        "wrong_issue",
        "not_the_next_issue",
        "beacon_never_replaced",
        "not_drawn_yet",
        "beacon_not_signed",
        "wrong_form",
        "number_stands",
    }
)
OF_RECEIPTS = frozenset({"receipt_not_ours", "nothing_missing", "objected_before", "objections_over"})


@blueprint.get("/console/draws")
def draw_index() -> str | Response:
    if exports.requested():
        return exports.export("draws", _columns(), _listed)
    with read_session() as session:
        draws = public_page.list_public(session, at=now())
    return render_template("console/draws.html", draws=draws, admin="admin" in g.visitor.roles)


def _listed(session: Session, _after: None) -> exports.Whole:
    return exports.Whole(public_page.list_public(session, at=now()))


def _columns() -> exports.Columns:
    return {
        gettext("名称"): lambda one: draw_name(one.announcement["opens"], one.announcement["closes"]),
        gettext("编号"): lambda one: one.draw_id,
        gettext("进展"): lambda one: word("draw_state", one.state),
        gettext("评价开始"): lambda one: when(one.announcement, "opens"),
        gettext("评价截止"): lambda one: when(one.announcement, "closes"),
        gettext("奖品"): lambda one: _prizes(one.announcement["tiers"]),
    }


def _prizes(tiers: list[Fields]) -> str:
    return " · ".join(f"{tier['prize']} × {tier['count']}" for tier in tiers)


@blueprint.get("/console/draws/<draw_id>")
def draw(draw_id: str) -> str:
    return draw_page(draw_id)


@blueprint.post("/console/draws/<draw_id>/numbers")
def type_number(draw_id: str) -> Response | tuple[str, int]:
    form = {key: forms.typed(key, NOTE_MOST) for key in ("round", "source", "issue", "value")}
    form["value"] = balls.tapped(form["source"]) if balls.groups(form["source"]) else form["value"]
    try:
        with transaction() as session:
            found = announcement.find(session, draw_id)
            stands = public_numbers.enter(
                session,
                found,
                draw_round=parse_id(form["round"]) or 0,
                source=form["source"],
                issue=form["issue"],
                value=form["value"],
                by=g.visitor.person_id,
                at=now(),
            )
    except Refused as refused:
        if refused.code not in OF_NUMBERS:
            raise
        return draw_page(draw_id, typed=form, fault=_number_fault(refused, form["source"])), status_of(refused)
    if stands:
        flash(gettext("两人录得一致，这个号码已定。"), "success")
    else:
        flash(gettext("已记下。另一人录得一样才算数。"), "info")
    return _back(draw_id)


@blueprint.post("/console/draws/<draw_id>/objections")
def object_(draw_id: str) -> Response | tuple[str, int]:
    """One of the committee hands in a receipt somebody has shown."""
    typed = request.form.get("receipt", "")
    try:
        receipt = objections.parse(typed)
        with transaction() as session:
            found = announcement.find(session, draw_id)
            announcement.check_official(session, found, g.visitor.person_id, at=now())
            objections.object_(session, found, **receipt, by=g.visitor.person_id, at=now())
    except Refused as refused:
        if refused.code not in OF_RECEIPTS:
            raise
        return draw_page(draw_id, receipt=typed, receipt_fault=words(refused)), status_of(refused)
    flash(gettext("已收到异议，请核对后处理。"), "success")
    return _back(draw_id)


@blueprint.post("/console/draws/<draw_id>/objections/<id:objection_id>")
def decide_objection(draw_id: str, objection_id: int) -> Response:
    upheld, reason = request.form.get("decision") == "uphold", forms.typed("reason", NOTE_MOST)
    if not reason:
        raise Refused("reason_missing")
    zone = runtime().settings.timezone
    with read_session() as session:
        verdict = objections.examined(session, announcement.find(session, draw_id), objection_id, zone=zone)
    with transaction() as session:
        objections.decide(
            session,
            announcement.find(session, draw_id),
            objection_id,
            upheld=upheld,
            reason=reason,
            by=g.visitor.person_id,
            at=now(),
            verdict=verdict,
        )
    flash(gettext("异议成立，下一版名单由后台自动公布。") if upheld else gettext("异议不成立，名单不变。"), "success")
    return _back(draw_id)


def draw_page(draw_id: str, **typed: Any) -> str:
    with read_session() as session:
        found = announcement.find(session, draw_id)
        shown = console_page.load(session, found, by=g.visitor.person_id, zone=runtime().settings.timezone, at=now())
    late = now() > published_files.when(shown.page.announcement, "objections_until")
    may_act = g.may_act and shown.official
    return render_template(
        "console/draw.html",
        course=shown,
        page=shown.page,
        late=late,
        may_act=may_act,
        faulty=_faulty(**typed),
        groups=balls.groups,
        **typed,
    )


def _faulty(typed: dict[str, str] | None = None, **_beside: Any) -> str:
    """The field of a number that was refused: its round and its source."""
    return f"{typed['round']} {typed['source']}" if typed else ""


def _number_fault(refused: Refused, source: str) -> str:
    if refused.code == "wrong_form":
        return gettext("写法不对，没有记下。应为：%(form)s", form=word("source_form", source))
    return words(refused)


def _back(draw_id: str) -> Response:
    return redirect(url_for("console_draws.draw", draw_id=draw_id), 303)
