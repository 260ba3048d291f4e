"""Figures as pages write them: points, money, rates."""

from typing import Any

from flask import Flask

from app.http.i18n import gettext
from app.texts.sheets import per_cent, points, yuan


def install(app: Flask) -> None:
    app.add_template_filter(points, "points")
    app.add_template_filter(yuan, "money")
    app.add_template_filter(figure, "figure")


def figure(of: dict[str, Any] | None) -> str:
    """A rate with what it is of, a count, yes or no; a dash where there is none."""
    if not of or of.get("den") == 0:
        return "—"
    if "yes" in of:
        return gettext("是") if of["yes"] else gettext("否")
    if "count" in of:
        return str(of["count"])
    return f"{per_cent(of['num'], of['den'])} = {of['num']} ÷ {of['den']}"
