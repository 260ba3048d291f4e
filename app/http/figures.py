"""Figures as pages write them: points, money, rates."""

from typing import Any

from flask import Flask

from app.http.i18n import gettext
from app.texts.sheets import per_cent, points, yuan


def install(app: Flask) -> None:
    app.add_template_filter(points, "points")
    app.add_template_filter(yuan, "money")
    app.add_template_filter(figure, "figure")


def figure(values: dict[str, Any] | None) -> str:
    """A rate with what it is of, a count, yes or no; a dash where there is none."""
    if not values or values.get("den") == 0:
        return "—"
    if "yes" in values:
        return gettext("是") if values["yes"] else gettext("否")
    if "count" in values:
        return str(values["count"])
    return f"{per_cent(values['num'], values['den'])} = {values['num']} ÷ {values['den']}"
