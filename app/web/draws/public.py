"""`/draws`: what everybody may know of a draw, the same for everybody, and its files as they were published."""

from hashlib import sha256

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.errors import Missing
from app.http import downloads
from app.http.context import now, read_session, runtime
from app.services.draws import announcement, bundle, checkpoints, poster, public_page, published_files
from app.services.draws.public_page import Page
from app.web.draws import filters, scenes

blueprint = Blueprint("draws", __name__)
filters.install(blueprint)
blueprint.after_request(downloads.say_when)

TYPES = {".json": "application/json", ".bin": "application/octet-stream", ".sig": "text/plain"}


@blueprint.get("/draws")
def index() -> str:
    with read_session() as db:
        lines = public_page.list_public(db, at=now())
    return render_template("draws/index.html", draws=lines)


@blueprint.get("/draws/<draw_id>")
def show(draw_id: str) -> str:
    page = _page(draw_id)
    return render_template(
        "draws/draw.html",
        **scenes.facts(page),
        now=now(),
        steps=filters.steps(page, now()),
        next=filters.next_step(page, now()),
        late=now() > published_files.when(page.announcement, "objections_until"),
        published_checkpoints=checkpoints.published(page.checkpoints),
        hashes={file.name: file.sha256 for file in page.files},
    )


@blueprint.get("/draws/<draw_id>/play")
def play(draw_id: str) -> str:
    """The result on a large screen, for those who sit together: nothing here is decided, everything is published."""
    page = _page(draw_id)
    if not page.results or page.commit is None:
        raise Missing("no_result_yet")
    result = page.results[0 if request.args.get("round") == "1" else -1]
    return render_template("draws/play.html", **scenes.played(page, page.commit, result))


@blueprint.get("/draws/<draw_id>/files/<name>")
def file(draw_id: str, name: str) -> Response:
    with read_session() as db:
        found = published_files.get(db, announcement.find(db, draw_id), name)
    suffix, parts = name[name.rindex(".") :], downloads.Parts(runtime().database, found)
    answer = downloads.kept(parts, TYPES[suffix], etag=found.sha256, sent=found.size, size=found.size)
    if suffix == ".bin":
        answer.headers["Content-Disposition"] = f'attachment; filename="{draw_id}-{name}"'
    return answer


@blueprint.get("/draws/<draw_id>/bundle.zip")
def bundle_zip(draw_id: str) -> Response:
    database = runtime().database
    with read_session() as db:
        published = published_files.all_of(db, announcement.find(db, draw_id))
    decided = any(one.name == "result-1.json" for one in published)
    played = scenes.offline(_page(draw_id)) if decided else {}
    made = bundle.stream(draw_id, published, lambda one: downloads.Parts(database, one), played)
    sent = sum(one.size for one in published)
    answer = downloads.kept(made, "application/zip", etag=bundle.digest(published, played), sent=sent)
    answer.headers["Content-Disposition"] = f'attachment; filename="{draw_id}.zip"'
    return answer


@blueprint.get("/draws/<draw_id>/poster.pdf")
def poster_pdf(draw_id: str) -> Response:
    settings = runtime().settings
    with read_session() as db:
        draw = announcement.find(db, draw_id)
        announced = published_files.announced(db, draw)
    card = poster.card(announced, draw.announcement_sha256, public_url=settings.public_url, zone=settings.timezone)
    made = poster.pdf_of(card)
    answer = downloads.kept([made], "application/pdf", etag=sha256(made).hexdigest(), sent=0)
    answer.headers["Content-Disposition"] = f'inline; filename="{draw_id}-poster.pdf"'
    return answer


def _page(draw_id: str) -> Page:
    with read_session() as db:
        return public_page.page(db, announcement.find(db, draw_id), at=now())
