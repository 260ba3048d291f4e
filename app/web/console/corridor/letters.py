"""`/console/letters`: what departments are told of a quarter, to look at, to print and to take along."""

from collections.abc import Callable

from flask import Blueprint, Response, redirect, render_template, stream_with_context, url_for
from werkzeug.wrappers import Response as Answer

from app.http.context import now, read_session, runtime
from app.services.dashboards import corridor, letters
from app.services.dashboards.letters import Letter, Sender
from app.services.indicators.quarters import Quarter
from app.web.console import filters
from app.web.console.corridor.corridor import QUARTERS

blueprint = Blueprint("console_letters", __name__)
PDF, ZIP = "application/pdf", "application/zip"


@blueprint.get("/console/letters")
def index() -> str:
    """Without a quarter the newest of which letters may be given."""
    settings = runtime().settings
    with read_session() as session:
        quarters = [Quarter.at(day) for day in corridor.quarters(session, most=QUARTERS)]
        text = filters.text("quarter")
        quarter = Quarter.read(text) if text else next(filter(_final, quarters), Quarter.at(now().date()))
        found = letters.every(session, quarter, _sender())
    return render_template(
        "console/letters.html", letters=found, quarter=quarter, quarters=quarters, final=_final(quarter),
        known_from=quarter.known_from(settings.timezone, settings.rating_window),
    )  # fmt: skip


@blueprint.get("/console/letters/<quarter>/<id:department_id>")
def show(quarter: str, department_id: int) -> str:
    chosen = Quarter.read(quarter)
    letter = _one(chosen, department_id)
    return render_template("console/letter.html", letter=letter, quarter=chosen, final=_final(chosen))


@blueprint.get("/console/letters/<quarter>/<id:department_id>.pdf")
def document(quarter: str, department_id: int) -> Answer:
    from app.services.reports import letters as paper  # what writes files is for whoever takes one away

    chosen = Quarter.read(quarter)
    letter = _one(chosen, department_id)
    if not _final(chosen):
        return _not_yet(chosen)
    made = paper.document([letter], hospital=_sender().hospital, at=now())
    return _file(Response(made, mimetype=PDF), f"letter-{chosen}-{department_id}.pdf")


@blueprint.get("/console/letters/<quarter>.pdf")
def documents(quarter: str) -> Answer:
    """All of them for the printer: a page each."""
    from app.services.reports import letters as paper

    def file_of(found: list[Letter]) -> Response:
        return Response(paper.document(found, hospital=_sender().hospital, at=now()), mimetype=PDF)

    return _all(Quarter.read(quarter), file_of, "pdf")


@blueprint.get("/console/letters/<quarter>.zip")
def archive(quarter: str) -> Answer:
    from app.services.reports import letters as paper

    def file_of(found: list[Letter]) -> Response:
        parts = paper.archive(found, hospital=_sender().hospital, at=now())
        return Response(stream_with_context(parts), mimetype=ZIP)

    return _all(Quarter.read(quarter), file_of, "zip")


def _all(quarter: Quarter, made: Callable[[list[Letter]], Response], kind: str) -> Answer:
    found = _every(quarter)
    return _file(made(found), f"letters-{quarter}.{kind}") if found else _not_yet(quarter)


def _not_yet(quarter: Quarter) -> Answer:
    """The list says from when on, or that there are none."""
    return redirect(url_for("console_letters.index", quarter=quarter), 303)


def _one(quarter: Quarter, department_id: int) -> Letter:
    with read_session() as session:
        return letters.one(session, quarter, department_id, _sender())


def _every(quarter: Quarter) -> list[Letter]:
    """Those that may be given away."""
    if not _final(quarter):
        return []
    with read_session() as session:
        return letters.every(session, quarter, _sender())


def _final(quarter: Quarter) -> bool:
    settings = runtime().settings
    return letters.final(quarter, zone=settings.timezone, window=settings.rating_window, at=now())


def _sender() -> Sender:
    settings = runtime().settings
    return Sender(settings.hospital_name, settings.hotline, settings.timezone)


def _file(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
