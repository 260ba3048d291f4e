"""The hospital's mark, on top of every page of every process that has pages."""

from flask import Blueprint, Response, abort

from app.http.context import runtime

blueprint = Blueprint("mark", __name__)

KEPT = "public, max-age=86400"


@blueprint.get("/mark.png")
def show() -> Response:
    """As it was drawn anew at the start."""
    if (mark := runtime().mark) is None:
        abort(404)
    return Response(mark, mimetype="image/png", headers={"Cache-Control": KEPT})
