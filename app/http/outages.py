"""The database is away, or held by others for too long: said as that, with when to come again, never as our fault."""

import sqlite3

import structlog
from flask import Flask, request
from sqlalchemy import exc

from app.errors import Refused
from app.http.errors import Answer, answer_to, page, status_of, words
from app.http.problems import asked_here

LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
RATINGS = frozenset({"scan.rate", "scan.correct", "api_mini.rate", "api_mini.correct"})
_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    }
)
_READ_ONLY = "25006"  # the server we found is a copy, which is about to take over


def install(app: Flask) -> None:
    app.register_error_handler(exc.DBAPIError, _refused)
    app.register_error_handler(exc.TimeoutError, _refused)  # no connection became free


def code(method: str, endpoint: str | None) -> str:
    """What is refused then: a look, something that was sent, or a rating."""
    if method in LOOKS:
        return "outage"
    return "rating_not_kept" if endpoint in RATINGS else "not_kept"


def _refused(error: exc.SQLAlchemyError) -> Answer:
    if isinstance(error, exc.DBAPIError) and not _away(error):
        raise error
    cause = getattr(error, "orig", None) or error
    reason = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or type(cause).__name__
    structlog.get_logger().warning("the database does not answer", door=request.endpoint, reason=reason)
    refused = Refused(code(request.method, request.endpoint))
    if asked_here() or refused.code != "rating_not_kept":
        return answer_to(refused)
    # The same tap once more, from the page that says so.
    return page(words(refused), status_of(refused), again=list(request.form.items(multi=True)))


def _away(error: exc.DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    gone = isinstance(error, exc.OperationalError | exc.InterfaceError) or error.connection_invalidated
    return gone or getattr(error.orig, "sqlstate", None) == _READ_ONLY
