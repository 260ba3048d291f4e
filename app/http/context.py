"""What every view uses: the runtime of this process, its transactions, and its moment."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import cast

from flask import current_app, g
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.runtime import Runtime
from app.services.codes.slips import Paper

EXTENSION = "mashangping"

Page = Response | str | tuple[str, int]  # what a view answers


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions[EXTENSION])


def transaction() -> AbstractContextManager[Session]:
    return runtime().database.transaction()


def read_session() -> AbstractContextManager[Session]:
    return runtime().database.reading()


def now() -> datetime:
    """The moment of this request, read once, in the hospital's zone: its `.date()` is the date people there live in."""
    if "now" not in g:
        g.now = runtime().now()
    return cast(datetime, g.now)


def paper() -> Paper:
    """What everything printed for this hospital has in common."""
    known = runtime()
    return Paper(known.links, known.settings.hotline, known.settings.timezone, known.logo)
