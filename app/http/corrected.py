"""The form that corrects a ticket's details, on the phone and in the console."""

from flask import request

from app.http import forms
from app.http.ids import parse_id
from app.services.tickets.corrections import Typed


def typed() -> Typed:
    """What the form has: a field that it does not have stays as it is."""
    return Typed(
        category=_number("category"),
        priority=_number("priority"),
        department=_number("department"),
        place=_number("place"),
        asset=forms.typed("asset") if "asset" in request.form else None,
        served=request.form.get("served", "stays"),
        served_person=forms.typed("served_person"),
    )


def _number(name: str) -> int | None:
    """0 for what was emptied."""
    return (parse_id(request.form[name]) or 0) if name in request.form else None
