"""Conditions kept under a name, beside the list they are of."""

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, transaction
from app.services.organisation import saved_filters
from app.web.console.overview import blueprint

LISTS = {
    "tickets": "console.ticket_index",
    "ratings": "console_ratings.rating_index",
    "people": "console_people.people_index",
}


@blueprint.post("/console/filters/<page>")
def save_filter(page: str) -> Response:
    """Back to the list as it was."""
    with transaction() as session:
        name, query = forms.typed("name", saved_filters.NAME_MOST), request.form.get("query", "")
        kept = saved_filters.save(session, g.visitor.person_id, page=page, name=name, query=query, at=now())
    return redirect(f"{url_for(LISTS[page])}?{kept}", 303)


@blueprint.post("/console/filters/<page>/<id:filter_id>/remove")
def remove_filter(page: str, filter_id: int) -> Response:
    if page not in LISTS:
        raise Refused("filter_empty")
    with transaction() as session:
        saved_filters.remove(session, g.visitor.person_id, filter_id)
    return redirect(url_for(LISTS[page]), 303)
