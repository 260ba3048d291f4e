"""What no door takes, whatever it is for: signs nobody types, and values that no column can hold."""

import re

import structlog
from flask import Flask, abort, request
from sqlalchemy.exc import DataError

from app.http.errors import Answer, answer_to_status

# In an address a line end would break a redirect and a line of the log.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def install(app: Flask) -> None:
    """Before anybody has read the form; one with files is looked at when it is read, for some may be larger."""
    app.before_request(_refuse)
    # PostgreSQL's word for a number out of range, and Python's before it gets as far as SQLite.
    app.register_error_handler(DataError, _unfit)
    app.register_error_handler(OverflowError, _unfit)


def _refuse() -> None:
    if _CONTROL.search(request.path) or _has_nul() or _cut_off():
        abort(400)


def _has_nul() -> bool:
    """PostgreSQL cannot keep one, and nobody types one."""
    if b"%00" in request.query_string or b"\0" in request.query_string:
        return True
    if request.mimetype != "application/x-www-form-urlencoded":
        return False
    sent = request.get_data()  # kept, the form is read from it
    return b"%00" in sent or b"\0" in sent


def _cut_off() -> bool:
    """The server hands over what came of a form before its sender was gone, as if it were all."""
    form = request.mimetype == "application/x-www-form-urlencoded"
    return form and request.content_length is not None and len(request.get_data()) < request.content_length


def _unfit(error: Exception) -> Answer:
    cause = getattr(error, "orig", None) or error
    structlog.get_logger().warning("no column holds what was sent", door=request.endpoint, error=type(cause).__name__)
    return answer_to_status(400)
