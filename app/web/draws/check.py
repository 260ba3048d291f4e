"""`/draws/<id>/check`: everybody checks alone. The page's own scripts compute; no answer from here is believed."""

from dataclasses import asdict
from functools import cache
from hashlib import sha256

from flask import Blueprint, Response, jsonify, render_template

from app.errors import Missing
from app.http import rate_limits
from app.http.context import now, read_session
from app.paths import ROOT
from app.services.draws import announcement, objections, public_page
from app.services.draws.public_page import Proof

blueprint = Blueprint("draw_check", __name__)

CHECKED_HERE = 100_000  # people; a longer list is a matter for the command
SHORT_LIST = 1_000_000  # bytes; fetched without being asked, and nobody learns who is looking
SCRIPTS = ("sha256", "strict-json", "forms", "rule", "verifier", "receipt", "receipt-page", "whole-page", "worker")


@blueprint.get("/draws/<draw_id>/check")
def show(draw_id: str) -> str:
    with read_session() as db:
        page = public_page.page(db, announcement.find(db, draw_id), at=now())
    announced, until = page.announcement, objections.closes(page.announcement)
    published = {file.name: file.size for file in page.files if not file.name.endswith(".sig")}
    return render_template(
        "draws/check.html",
        page=page,
        announced=announced,
        sources=[*announced["sources"], *announced["redraw_sources"]],
        until=until,
        in_time=now() <= until,
        published=published,
        size=sum(published.values()),
        long_list=max(published.values()) > SHORT_LIST,
        too_many=page.commit is not None and page.commit["entries"] > CHECKED_HERE,
        most=CHECKED_HERE,
        short=SHORT_LIST,
        scripts=scripts(),
    )


@blueprint.get("/draws/<draw_id>/proof/<entry>")
def proof(draw_id: str, entry: str) -> Response:
    """What leads from one entry to the root, so that nobody has to fetch a list of millions to find their own."""
    return jsonify(asdict(rate_limits.throttle_unknown(lambda: _proof(draw_id, entry))))


def _proof(draw_id: str, entry: str) -> Proof:
    with read_session() as db:
        found = public_page.proof_of(db, announcement.find(db, draw_id), entry)
    if found is None:
        raise Missing("not_in_the_list")
    return found


@cache
def scripts() -> dict[str, str]:
    """Each script of the page and its SHA-256."""
    folder = ROOT / "app" / "static" / "draw-check"
    return {f"{name}.js": sha256((folder / f"{name}.js").read_bytes()).hexdigest() for name in SCRIPTS}
