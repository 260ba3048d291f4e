"""Is it up, is it ready, how is it doing."""

from functools import cache

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from app.http.context import runtime
from app.paths import ROOT

blueprint = Blueprint("health", __name__)
metrics_blueprint = Blueprint("metrics", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 once this process serves."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 when the database answers and has the tables this code expects; else 503 with the reason."""
    reason = _not_ready()
    return Response((reason or "ready") + "\n", status=503 if reason else 200, mimetype="text/plain")


@metrics_blueprint.get("/metrics")
def metrics() -> Response:
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _not_ready() -> str:
    try:
        with runtime().database.engine.connect() as connection:
            made = inspect(connection).has_table("alembic_version")
            current = connection.scalar(text("SELECT version_num FROM alembic_version")) if made else None
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    head = _head()
    return "" if current == head else f"the database is at {current}, {head} was expected: run alembic upgrade head"


@cache
def _head() -> str:
    # Migrations are numbered. Alembic would import each of them and itself into every web process to say the same.
    return max(path.name for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py")).partition("_")[0]
