"""The customer corridor: the service as its users feel it, what lies behind, and what is done about it."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.http.words import chips, touch_word, word
from app.models.rollup import EVERY_JOB
from app.services.cases.search import candidates
from app.services.dashboards import corridor, corridor_behind, corridor_measures
from app.services.dashboards.corridor_behind import TicketFilter
from app.services.dashboards.corridor_measures import Plan, Spotted
from app.services.indicators.quarters import Quarter
from app.services.organisation import catalogue
from app.services.organisation.directory import supervisors
from app.services.rollups.corridor import Place
from app.services.rollups.corridor_rows import COMPLAINT, OVERALL, RECOVERY
from app.texts.sheets import per_cent
from app.web.console import exports, filters
from app.web.console.corridor import picture

blueprint = Blueprint("console_corridor", __name__)
QUARTERS = 8
IDS = ("department", "team", "category", "campus")


@blueprint.app_template_global()
def touchpoint_word(code: str) -> str:
    """What the hospital calls it; complaint and recovery are ours."""
    return word("touchpoint", code) if code in {COMPLAINT, RECOVERY, OVERALL} else touch_word("face", code)


@blueprint.app_template_filter()
def in_per_cent(share: corridor.Share) -> str:
    return f"{per_cent(share.x, share.n)}" if share.n else "—"


@blueprint.app_template_filter()
def mean(felt: float | None) -> str:
    return "—" if felt is None else f"{felt:.2f}"


@blueprint.app_template_filter()
def between(interval: tuple[float, float] | None) -> str:
    return f"{interval[0] * 100:.1f}–{interval[1] * 100:.1f}%" if interval else ""


@blueprint.get("/console/corridor")
def show() -> str:
    quarter, place = _chosen()
    with read_session() as session:
        found = corridor.load(session, quarter.first, place)
        names = corridor.names_of(session)
        spots = corridor.spots(session, quarter.first) if place == Place() else None
        shown = {
            "jobs": [{"id": one, "name": one} for one in corridor.job_types(session, quarter.first)],
            "measures": corridor_measures.listed(session, today=now().date()),
            "choices": _choices(session, names),
            "quarters": [Quarter.at(day) for day in corridor.quarters(session, most=QUARTERS)],
        }
    return render_template(
        "console/corridor.html",
        corridor=found,
        picture=picture.draw(found.touchpoints),
        spots=spots,
        names=names,
        quarter=quarter,
        **shown,
    )


@blueprint.get("/console/corridor/tickets")
def behind() -> str | Response:
    quarter, place = _chosen()
    touchpoint = filters.code("touchpoint", {*corridor.codes(), OVERALL}) or OVERALL
    zone = runtime().settings.timezone
    chosen = TicketFilter(
        touchpoint, place, quarter.begins(zone), quarter.ends(zone), low=bool(request.args.get("low"))
    )
    if exports.requested():
        return exports.export(
            "corridor", _columns(), lambda session, after: corridor_behind.tickets(session, chosen, after=after)
        )
    with read_session() as session:
        page = corridor_behind.tickets(session, chosen, after=filters.cursor("after"))
    return render_template("console/corridor_tickets.html", page=page, touchpoint=touchpoint, quarter=quarter)


def _columns() -> exports.Columns:
    return {
        gettext("时间"): lambda row: row["at"],
        gettext("工单"): lambda row: row["number"],
        gettext("这里的感受"): lambda row: word("level", row["felt"]),
        gettext("总评"): lambda row: word("level", row["level"]) if row["level"] else "",
        gettext("原因"): lambda row: chips("reasons", row["reasons"]),
        gettext("科室"): lambda row: row["department"],
        gettext("服务"): lambda row: row["category"],
        gettext("工程师"): lambda row: row["lead"],
    }


@blueprint.get("/console/corridor/people/<id:person_id>")
def journey(person_id: int) -> str:
    with read_session() as session:
        person, journeys = corridor_behind.journey(session, person_id)
    return render_template("console/corridor_person.html", person=person, journeys=journeys, codes=corridor.codes())


@blueprint.get("/console/corridor/measures/new")
def measure_form() -> str:
    spot = _spot(request.args)
    with read_session() as session:
        owners = candidates(session, set(supervisors(session, at=now())))
        names = corridor.names_of(session)
    most = corridor_measures.TEXT_MOST
    return render_template(
        "console/corridor_measure.html", spot=spot, names=names, owners=owners, most=most, today=now().date(),
        quarter=Quarter.at(spot.quarter),
    )  # fmt: skip


@blueprint.post("/console/corridor/measures/new")
def take_up() -> Response:
    spot = _spot(request.form)
    most = corridor_measures.TEXT_MOST
    plan = Plan(
        forms.typed("cause", most), forms.typed("action", most), parse_id(request.form.get("owner", "")) or 0, _due()
    )
    with transaction() as session:
        corridor_measures.take_up(session, spot, plan, by=g.visitor.person_id, at=now())
    flash(gettext("已记下，到期前办完。"), "success")
    return redirect(url_for("console_corridor.show", quarter=Quarter.at(spot.quarter)), 303)


@blueprint.post("/console/corridor/measures/<id:measure_id>/done")
def finish(measure_id: int) -> Response:
    most = corridor_measures.TEXT_MOST
    texts: dict[str, Any] = {"feedback": forms.typed("said", most), "did": forms.typed("did", most)}
    publish = request.form.get("publish") == "yes"
    with transaction() as session:
        corridor_measures.finish(session, measure_id, **texts, publish=publish, by=g.visitor.person_id, at=now())
    flash(gettext("已办完。"), "success")
    return redirect(url_for("console_corridor.show"), 303)


def _chosen() -> tuple[Quarter, Place]:
    text = filters.text("quarter")
    quarter = Quarter.read(text) if text else Quarter.at(now().date())
    ids: dict[str, Any] = {name: filters.row_id(name) for name in IDS}
    place = Place(**{name: found for name, found in ids.items() if found is not None})
    job = filters.text("job")
    return quarter, replace(place, job=job) if job and job != EVERY_JOB else place


def _choices(session: Any, names: corridor.Names) -> dict[str, Any]:
    listed = {name: [{"id": key, "name": label} for key, label in names.words[name].items()] for name in ("team",)}
    return {
        "department": catalogue.departments(session),
        "category": catalogue.categories(session),
        "campus": catalogue.campuses(session),
        **listed,
    }


def _spot(fields: Any) -> Spotted:
    """Raises Missing and Refused for what is no place of the corridor."""
    dimension, value, touchpoint = (str(fields.get(name, ""))[:100] for name in ("dimension", "value", "touchpoint"))
    if dimension not in corridor.DIMENSIONS or touchpoint not in {*corridor.codes(), OVERALL} or not value:
        raise Refused("bad_filter", name="dimension")
    return Spotted(Quarter.read(str(fields.get("quarter", ""))).first, dimension, value, touchpoint)


def _due() -> date:
    try:
        return date.fromisoformat(request.form.get("due", ""))
    except ValueError as error:
        raise Refused("measure_incomplete") from error
