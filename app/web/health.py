"""Is it up, is it ready, how is it doing."""

import time
from dataclasses import dataclass
from functools import cache

import structlog
from flask import Blueprint, Response, abort, current_app
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from app import schema
from app.db import Base
from app.http.context import runtime
from app.models import append_only
from app.paths import ROOT

blueprint = Blueprint("health", __name__)
metrics_blueprint = Blueprint("metrics", __name__)
_log = structlog.get_logger()

# Looking through the tables costs 20 to 80 ms, so it is done again only after a while, and sooner where it was wrong.
_GOOD_FOR, _BAD_FOR = 300.0, 5.0
_NAMED = 5  # differences


@dataclass(frozen=True)
class _Looked:
    """What was found when the tables were last looked through, and at which revision they were then."""

    revision: str
    reason: str
    until: float


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 once this process serves."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 when the database answers and has the tables this code expects; else 503. Why, where that may be told."""
    reason = _not_ready()
    if not reason:
        return Response("ready\n", mimetype="text/plain")
    _log.warning("not ready", reason=reason)
    shown = reason if runtime().settings.tells_health else "not ready"
    return Response(f"{shown}\n", status=503, mimetype="text/plain")


@metrics_blueprint.get("/metrics")
def metrics() -> Response:
    if not runtime().settings.tells_health:
        abort(404)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _not_ready() -> str:
    try:
        with runtime().database.engine.connect() as connection:
            made = inspect(connection).has_table("alembic_version")
            current = connection.scalar(text("SELECT version_num FROM alembic_version")) if made else None
            if current == _head():
                return _other_tables(connection, current)
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    return f"the database is at {current}, {_head()} was expected: run alembic upgrade head"


def _other_tables(connection: Connection, revision: str) -> str:
    """Why these are not the tables of this code, though they bear its number; empty where they are."""
    looked: _Looked | None = current_app.extensions.get("schema")
    if looked is None or looked.revision != revision or time.monotonic() > looked.until:
        triggers = append_only.triggers(connection.dialect.name)
        wrong = list(schema.differences(connection, Base.metadata, triggers))
        named = ", ".join(wrong[:_NAMED]) + (f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else "")
        reason = f"the database is at {revision}, but it differs in {named}" if wrong else ""
        looked = _Looked(revision, reason, time.monotonic() + (_BAD_FOR if wrong else _GOOD_FOR))
        current_app.extensions["schema"] = looked
    return looked.reason


@cache
def _head() -> str:
    # Migrations are numbered. Alembic would import each of them and itself into every web process to say the same.
    return max(path.name for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py")).partition("_")[0]
