"""Assets and rooms: found by tag, name or department, and their labels ordered."""

from urllib.parse import urlencode

from flask import render_template, request

from app.http.context import read_session, runtime
from app.services.organisation import assets, catalogue
from app.services.organisation.assets import Kind, ThingFilter
from app.web.console import filters
from app.web.console.overview import blueprint

SIZE = 50
TABS = ("assets", "places")
KINDS: dict[str, Kind] = {"": "asset", "assets": "asset", "places": "place"}


@blueprint.get("/console/assets")
def asset_index() -> str:
    shown = filters.code("show", TABS) or "assets"
    kind, wanted = KINDS[shown], ThingFilter(text=filters.text("q"), department=filters.text("department"))
    with read_session() as session:
        found = assets.find(session, kind, wanted, after=filters.text("after"), most=SIZE + 1)
        departments = catalogue.coded_departments(session)
    return render_template(
        "console/assets.html",
        shown=shown,
        tabs=TABS,
        found=found[:SIZE],
        after=found[SIZE - 1].tag if len(found) > SIZE else None,
        departments=departments,
        link=runtime().links.label_path,
        query=urlencode({"what": shown, "q": wanted.text, "department": wanted.department}),
        filtered=any(request.args.get(name) for name in ("q", "department")),
    )
