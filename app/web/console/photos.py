"""Photos of a fault, for whoever may read its description."""

from flask import Response

from app.services import photos, ticket_page
from app.web.console import asked
from app.web.console.blueprint import blueprint
from app.web.edge import reading


@blueprint.get("/console/tickets/<number>/photos/<id:photo_id>")
def ticket_photo(number: str, photo_id: int) -> Response:
    with reading() as session:
        ticket = ticket_page.facts(session, asked.clean(number)).Ticket
        found = photos.read(session, ticket.id, photo_id)
    return Response(found.content, mimetype=found.media_type)
