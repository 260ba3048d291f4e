"""The hospital's mark, on top of every page of every process that has pages."""

from flask import Blueprint, Response, abort

from app.http.context import runtime

blueprint = Blueprint("mark", __name__)

KEPT = "public, max-age=31536000, immutable"
KEPT_A_WHILE = "public, max-age=300"


@blueprint.get("/mark/<digest>.png")
def show(digest: str) -> Response:
    """As it was drawn anew; kept for good under its own hash, and a page from before gets the one there is now."""
    if (mark := runtime().mark.mark) is None:
        abort(404)
    kept = KEPT if digest == mark.digest else KEPT_A_WHILE
    return Response(mark.content, mimetype="image/png", headers={"Cache-Control": kept})
