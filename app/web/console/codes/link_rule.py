"""What the admin enters in WeChat's console so that our codes open the mini-program; off until that is done."""

from flask import Blueprint, render_template

from app.http.context import read_session, runtime
from app.services.codes import link_rule, mini_codes
from app.services.codes.link_rule import Check

blueprint = Blueprint("console_mini", __name__)


@blueprint.get("/console/mini-program/link-rule")
def show() -> str:
    return _page(None)


@blueprint.post("/console/mini-program/link-rule")
def check() -> str:
    return _page(link_rule.check(runtime().links, runtime().settings.verify_files))


def _page(checks: list[Check] | None) -> str:
    known = runtime()
    with read_session() as session:
        tests = link_rule.examples(session, known.links)
    return render_template(
        "console/link_rule.html",
        prefix=link_rule.prefix(known.links),
        publishable=link_rule.publishable(known.links),
        page=mini_codes.PAGE,
        files=link_rule.files(known.settings.verify_files),
        mini=known.settings.mini,
        tests=tests,
        checks=checks,
    )
