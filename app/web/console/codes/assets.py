"""Assets and rooms: found by tag, name or department, and their labels ordered."""

from urllib.parse import urlencode

from flask import Response, render_template, request
from sqlalchemy.orm import Session

from app.http.context import read_session, runtime
from app.http.i18n import gettext
from app.services.organisation import assets, catalogue
from app.services.organisation.assets import Kind, LabelPage, ThingFilter
from app.web.console import exports, filters
from app.web.console.overview import blueprint

TABS = ("assets", "places")
KINDS: dict[str, Kind] = {"": "asset", "assets": "asset", "places": "place"}


@blueprint.get("/console/assets")
def asset_index() -> str | Response:
    shown = filters.code("show", TABS) or "assets"
    kind, chosen = KINDS[shown], ThingFilter(text=filters.text("q"), department=filters.text("department"))

    def find(session: Session, after: str | None) -> LabelPage:
        return assets.page(session, kind, chosen, after=after or "")

    if exports.requested():
        return exports.export(shown, _columns(kind), find)
    with read_session() as session:
        page = find(session, filters.text("after"))
        departments = catalogue.coded_departments(session)
    return render_template(
        "console/assets.html",
        shown=shown,
        tabs=TABS,
        page=page,
        departments=departments,
        link=runtime().links.label_path,
        query=urlencode({"what": shown, "q": chosen.text, "department": chosen.department}),
        filtered=any(request.args.get(name) for name in ("q", "department")),
    )


def _columns(kind: Kind) -> exports.Columns:
    columns: exports.Columns = {
        gettext("编号"): lambda target: target.tag,
        gettext("名称"): lambda target: target.name,
        gettext("科室与房间"): lambda target: target.spot,
        gettext("位置"): lambda target: target.where,
        gettext("已停用"): lambda target: exports.yes(target.retired),
    }
    return columns | ({gettext("服务"): lambda target: target.category} if kind == "asset" else {})
