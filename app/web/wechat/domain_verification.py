"""The files by which WeChat sees that an address is ours; names and contents are settings, no file of the disk."""

from flask import Blueprint, Response, abort

from app.http.context import runtime

blueprint = Blueprint("verify", __name__)


@blueprint.get("/<name>.txt")
@blueprint.get("/r/<name>.txt")
@blueprint.get("/w/<name>.txt")
@blueprint.get("/a/<name>.txt")
def show(name: str) -> Response:
    """At the root for a domain, beside the codes for their link rule."""
    content = runtime().settings.verify_files.get(f"{name}.txt")
    return Response(content, mimetype="text/plain") if content else abort(404)
