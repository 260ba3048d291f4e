"""What every view uses: the runtime of this process, its transactions, and the moment of this request."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import cast

from flask import current_app, g
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import clock
from app.runtime import Runtime

EXTENSION = "mashangping"

Page = Response | str | tuple[str, int]  # what a view answers


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions[EXTENSION])


def transaction() -> AbstractContextManager[Session]:
    return runtime().database.transaction()


def reading() -> AbstractContextManager[Session]:
    return runtime().database.reading()


def moment() -> datetime:
    """Now, read once per request, in the hospital's zone: its `.date()` is the date people there live in."""
    if "moment" not in g:
        g.moment = clock.now().astimezone(runtime().settings.timezone)
    return cast(datetime, g.moment)
