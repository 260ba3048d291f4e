"""Addresses on a page. Those of style sheets and scripts are the same on every page: each is built once."""

from functools import lru_cache
from typing import Any

from flask import Flask, current_app, request


def install(app: Flask) -> None:
    app.jinja_env.globals["url_for"] = address


def address(endpoint: str, **values: Any) -> str:
    if endpoint == "static" and len(values) == 1:
        return _static(request.script_root, values["filename"])
    return current_app.url_for(endpoint, **values)


@lru_cache(512)
def _static(_root: str, filename: str) -> str:
    return current_app.url_for("static", filename=filename)
