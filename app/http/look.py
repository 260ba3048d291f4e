"""What stands on top of every page: whose hospital this is. And the icons, put into the page where they are shown."""

import re
from functools import cache
from http import HTTPStatus
from pathlib import Path

import flask_bootstrap
from flask import Flask, Response
from markupsafe import Markup

from app.http.context import runtime
from app.http.menu import menu

_DRAWN = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
_ICON = '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">%s</svg>'


def install(app: Flask) -> None:
    app.jinja_env.globals.update(icon=icon, menu=menu)
    app.context_processor(_house)
    app.after_request(_look_again)


@cache
def icon(name: str) -> Markup:
    """The icon of this name, for an eye that reads faster than words; the word stands beside it. Refuses an unknown."""
    found = re.search(rf'<symbol [^>]*id="{re.escape(name)}">(.*?)</symbol>', _sheet(), re.DOTALL)
    if found is None:
        raise LookupError(f"bootstrap-icons has no {name}")
    return Markup(_ICON) % Markup(found.group(1))  # noqa: S704 of a package whose bytes are pinned


@cache
def _sheet() -> str:
    return _DRAWN.read_text("utf-8")


def _house() -> dict[str, object]:
    known = runtime()
    own = known.mark.mark
    return {"hospital_name": known.settings.hospital_name, "own_mark": own.digest if own else ""}


def _look_again(answer: Response) -> Response:
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        runtime().mark.look_again()
    return answer
