"""A new ticket at the desk: one form, its faults beside the fields, namesakes to choose from."""

from typing import Any, cast

import structlog
from flask import abort, flash, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms, rate_limits
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext, show_moment
from app.http.ids import parse_id
from app.http.words import word
from app.models.ticket import PRIORITIES
from app.pagination import Line
from app.services.organisation import assets, catalogue, people_search
from app.services.organisation.assets import LabelTarget
from app.services.organisation.people_search import Suggestion
from app.services.tickets import desk_intake, linking
from app.services.tickets.desk_intake import LONGEST, SERVED, SOURCES, Typed
from app.web.console import filters
from app.web.console.filters import grouped
from app.web.console.overview import blueprint
from app.web.console.tickets.tickets import CHANNEL, by


@blueprint.get("/console/people/suggest")
def suggest() -> Response:
    """Whom the caller is, while it is typed: for the hospital's own desk. The provider's looks nobody up."""
    if g.visitor.provider:
        abort(403)
    with read_session() as session:
        found = people_search.suggest(session, filters.text("q"), day=now().date())
    return jsonify(found=[_suggested(one) for one in found])


@blueprint.get("/console/assets/suggest")
def suggest_spot() -> Response:
    """The room or the asset, while it is typed."""
    with read_session() as session:
        found = assets.meant(session, filters.text("q"), most=people_search.MOST)
    return jsonify(found=[_spot(one) for one in found])


def _spot(one: LabelTarget) -> dict[str, str]:
    return {"value": one.tag, "label": f"{one.tag} · {one.name}", "beside": f"{one.spot} {one.where}".strip()}


def _suggested(one: Suggestion) -> dict[str, object]:
    beside = gettext("没有报修过")
    if one.last_at:
        beside = gettext("%(count)s 张未完成，上次报修 %(at)s", count=one.open_tickets, at=show_moment(one.last_at))
    label = " · ".join(filter(None, [one.name, one.department, one.telephone]))
    tickets = [
        {
            "at": url_for("console.ticket", number=row.number),
            "label": f"{row.number} {word('state', row.state)} {show_moment(row.reported_at)} {row.category}",
        }
        for row in one.tickets
    ]
    return {"value": one.staff_number, "label": label, "beside": beside, "tickets": tickets}


@blueprint.get("/console/tickets/new")
def new_ticket() -> str:
    """`of` names a ticket about the same fault: what is known of it stands in the form, and both are linked."""
    earlier = "" if g.visitor.provider else filters.text("of")
    if not earlier:
        return _page(Typed(), {})
    with read_session() as session:
        typed = desk_intake.again(session, earlier)
    return _page(typed, {}, earlier)


@blueprint.post("/console/tickets/new")
def report() -> Response | tuple[str, int]:
    typed, provider = _typed(), not g.visitor.supervises
    earlier = "" if g.visitor.provider else forms.typed("of", 64)
    if provider and not rate_limits.may_name_people(by()):
        structlog.get_logger().warning("somebody of the provider looks up too many people", person=by())
        raise Refused("too_many_people")
    try:
        with transaction() as session:
            zone = runtime().settings.timezone
            number = desk_intake.open_ticket(session, typed, by=by(), at=now(), zone=zone, channel=CHANNEL).number
            if earlier:
                linking.link(session, number, earlier, by=by(), at=now(), channel=CHANNEL)
    except Refused as refused:
        if refused.code == "reported_just_now":
            flash(gettext("同样的工单刚刚已经建好，没有再建一张。"), "warning")
            return redirect(url_for("console.ticket", number=refused.facts["number"]), 303)
        if refused.code == "report_incomplete":
            faults = cast(dict[str, str], refused.facts["faults"])
            if provider and {"nobody", "several", "too_many"} & set(faults.values()):
                rate_limits.count_missed_person(by())
            return _page(typed, faults, earlier), 422
        raise
    flash(gettext("工单已建好，请派单。"), "success")
    return redirect(url_for("console.ticket", number=number), 303)


def _typed() -> Typed:
    form = request.form
    priority = form.get("priority", "")
    return Typed(
        source=form.get("source", ""),
        requester=forms.typed("requester"),
        requester_pick=parse_id(form.get("requester_pick", "")),
        served=form.get("served", ""),
        served_person=forms.typed("served_person"),
        served_person_pick=parse_id(form.get("served_person_pick", "")),
        department_id=parse_id(form.get("department", "")),
        spot=forms.typed("spot"),
        category_id=parse_id(form.get("category", "")),
        priority=int(priority) if priority in {"1", "2", "3", "4"} else 0,
        description=form.get("description", "").strip(),
    )


def _page(typed: Typed, faults: Any, earlier: str = "") -> str:
    with read_session() as session:
        several: dict[str, list[Line]] = {
            field: desk_intake.namesakes(session, getattr(typed, field), at=now())
            for field, fault in faults.items()
            if fault == "several"
        }
        return render_template(
            "console/new_ticket.html",
            typed=typed,
            of=earlier,
            faults=faults,
            several=several,
            most=LONGEST,
            sources=SOURCES,
            served=SERVED,
            priorities=PRIORITIES,
            departments=catalogue.departments_now(session),
            categories=grouped(catalogue.categories_now(session), "heading"),
        )
