"""Photos of a fault, for whoever may read its description."""

from flask import Response

from app.http.context import read_session
from app.services.tickets import detail, photos
from app.web.console.overview import blueprint


@blueprint.get("/console/tickets/<ticket:number>/photos/<id:photo_id>")
def ticket_photo(number: str, photo_id: int) -> Response:
    with read_session() as session:
        ticket = detail.facts(session, number.strip()).Ticket
        found = photos.get(session, ticket.id, photo_id)
    return Response(found.content, mimetype=found.media_type)
