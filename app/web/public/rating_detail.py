"""The form of the thanks page, read."""

from flask import request

from app.services.ratings.detail import offered
from app.services.ratings.rating import Detail


def read_detail(level: int) -> Detail:
    """The form as it was sent."""
    return offered(
        level,
        Detail(
            reasons=request.form.getlist("reason"),
            quality=_levels("quality-"),
            faces=_levels("face-"),
            comment=request.form.get("comment", "").replace("\x00", ""),
            praise="praise" in request.form,
            signed="signed" in request.form,
            public="public" in request.form,
            pressed="pressed" in request.form,
        ),
    )


def _levels(prefix: str) -> dict[str, int]:
    marked = {name: value for name, value in request.form.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): int(mark) for name, mark in marked.items() if mark in {"1", "2", "3", "4", "5"}}
