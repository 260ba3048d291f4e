"""`/published`: what everybody may know of the supervision, the same for everybody."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from app.errors import Missing
from app.http.context import read_session, runtime
from app.services.audit import seal
from app.services.reports import published

blueprint = Blueprint("published", __name__)


@blueprint.get("/published")
def index() -> str:
    with read_session() as session:
        return render_template("published/index.html", quarters=published.quarters(session))


@blueprint.get("/published/<quarter>")
def quarter(quarter: str) -> str:
    with read_session() as session:
        found = published.of_quarter(session, quarter)
    if not found:
        raise Missing("not_published")
    return render_template("published/quarter.html", quarter=quarter, published=found)


@blueprint.get("/published/checkpoints")
def checkpoints() -> str:
    with read_session() as session:
        rows = seal.published(session)
    lines = [(row, seal.checkpoint_of(row).line) for row in rows]
    return render_template("published/checkpoints.html", lines=lines, key=runtime().signer.key)


@blueprint.get("/published/checkpoints.txt")
def checkpoint_lines() -> Response:
    """Origin, size and root a line, the newest first: what somebody copies or fetches to keep it."""
    with read_session() as session:
        rows = seal.published(session)
    return Response("".join(f"{seal.checkpoint_of(row).line}\n" for row in rows), mimetype="text/plain")


@blueprint.get("/published/checkpoints/<int(max=9007199254740991):size>")
def note(size: int) -> Response:
    """The signed note, as C2SP has it; a witness signs it too."""
    with read_session() as session:
        found = next((row for row in seal.published(session) if row.size == size), None)
    if found is None or not found.note:
        raise Missing("no_such_checkpoint")
    return Response(found.note, mimetype="text/plain")
