"""My tickets: reporting a fault, following it, adding photos, complaining."""

from flask import Response, request
from sqlalchemy.orm import Session

from app.api.mini import progress as progress_response
from app.api.mini import requests, responses
from app.api.operations import Upload, get, post_once
from app.errors import Refused
from app.http import bearer
from app.http.context import now, read_session, runtime
from app.models import Category, Ticket
from app.services import images
from app.services.cases import complaints
from app.services.organisation import catalogue
from app.services.tickets import incidents, photos, progress, requester
from app.services.tickets.progress import Step
from app.services.tickets.requester import TicketSummary

CHANNEL = "mini"
PHOTO = Upload("photo")
OF_A_PERSON = ("bind_first",)


@get("/categories", responses.Categories)
def categories() -> responses.Categories:
    """What a fault may be about."""
    with read_session() as db:
        return responses.Categories(
            categories=[responses.Category.model_validate(row) for row in catalogue.categories_for_users(db)]
        )


@get("/incidents", responses.Incidents)
def standing_incidents() -> responses.Incidents:
    """Major incidents, for who wants to report one of them: to be shown before they type."""
    with read_session() as db:
        found = [responses.Incident.model_validate(one) for one in incidents.standing(db)]
    return responses.Incidents(incidents=found)


@post_once(
    "/incidents/<id:incident_id>/join",
    requests.Nothing,
    {200: responses.Ticket},
    *OF_A_PERSON,
    *("no_such_incident", "incident_no_department"),
)
def join_incident(db: Session, _body: requests.Nothing, incident_id: int) -> responses.Ticket:
    """Me too: answers my department's ticket."""
    zone, who = runtime().settings.timezone, bearer.person_id()
    ticket_id = incidents.join(db, incident_id, person_id=who, at=now(), zone=zone, channel=CHANNEL)
    return _whole(db, db.get_one(Ticket, ticket_id))


@get("/tickets", responses.Tickets, *OF_A_PERSON)
def tickets() -> responses.Tickets:
    """My tickets with their progress, newest first."""
    with read_session() as db:
        own = requester.tickets_of(db, bearer.person_id())
        steps = progress.steps_of(db, {one.ticket_id: one.cycle for one in own})
    return responses.Tickets(tickets=[_line(one, steps[one.ticket_id]) for one in own])


@post_once("/tickets", requests.Fault, {201: responses.Ticket}, *OF_A_PERSON, "unknown_category", "served_has_left")
def report(db: Session, body: requests.Fault) -> responses.Ticket:
    """Report a fault; the same words twice within five minutes are one ticket."""
    if body.category_id is not None and not catalogue.can_be_chosen(db, Category, body.category_id):
        raise Refused("unknown_category")
    fault = requester.Fault(body.description.strip(), body.category_id, body.location.strip())
    zone = runtime().settings.timezone
    ticket_id = requester.report(db, bearer.person_id(), fault, at=now(), zone=zone, channel=CHANNEL)
    return _whole(db, db.get_one(Ticket, ticket_id))


@get("/tickets/<ticket:number>", responses.Ticket, *OF_A_PERSON, "no_such_ticket")
def ticket(number: str) -> responses.Ticket:
    """One of my tickets."""
    with read_session() as db:
        return _whole(db, _own(db, number))


def _read_photo() -> tuple[bytes, bytes]:
    request.max_content_length = images.LARGEST_FORM
    if request.mimetype != "multipart/form-data":
        raise Refused("not_a_file")
    file = request.files.get(PHOTO.field)
    if file is None:
        raise Refused("not_a_file")
    content = file.read()
    return content, content


def _drawn(content: bytes, number: str) -> bytes:
    # Drawing costs much: only for who may add one.
    with read_session() as db:
        photos.check(db, _own(db, number), by=bearer.person_id())
    return images.redrawn(content)


@post_once(
    "/tickets/<ticket:number>/photos",
    PHOTO,
    {201: responses.Photo},
    *OF_A_PERSON,
    *("no_such_ticket", "not_open", "photos_enough", "photo_unreadable", "photo_too_large", "photos_busy"),
    read=_read_photo,
    first=_drawn,
)
def add_photo(db: Session, picture: bytes, number: str) -> responses.Photo:
    """Add a photo to a ticket that I reported: JPEG or PNG, at most 2 MB, three of them."""
    found = _own(db, number, lock=True)
    return responses.Photo(id=photos.add(db, found, picture, by=bearer.person_id(), at=now()))


@get(
    "/tickets/<ticket:number>/photos/<int(max=9007199254740991):photo_id>",
    images.MEDIA_TYPE,
    *OF_A_PERSON,
    *("no_such_ticket", "no_such_photo"),
)
def photo(number: str, photo_id: int) -> Response:
    """The picture."""
    with read_session() as db:
        found = photos.get(db, _own(db, number).id, photo_id)
    return Response(found.content, mimetype=found.media_type)


@post_once(
    "/tickets/<ticket:number>/complaint",
    requests.ComplaintForm,
    {201: responses.Complaint},
    *OF_A_PERSON,
    *("no_such_ticket", "complained_already"),
)
def complain(db: Session, body: requests.ComplaintForm, number: str) -> responses.Complaint:
    """Complain about a ticket; the hospital answers, the provider never sees it."""
    found = _own(db, number, lock=True)
    form = complaints.ComplaintForm(body.text.strip())
    made = complaints.complain(db, found, form, by=bearer.person_id(), at=now(), channel=CHANNEL)
    return responses.Complaint.model_validate(made)


def _own(db: Session, number: str, *, lock: bool = False) -> Ticket:
    who = bearer.current().identity_id
    return requester.ticket(db, number, person_id=bearer.person_id(), identity_id=who, at=now(), lock=lock)


def _line(one: TicketSummary, steps: list[Step]) -> responses.TicketLine:
    return responses.TicketLine(
        number=one.number,
        token=_token(one.ticket_id),
        state=one.state,
        category=one.category,
        reported_at=one.reported_at,
        steps=progress_response.steps(steps),
    )


def _whole(db: Session, found: Ticket) -> responses.Ticket:
    category = db.get(Category, found.category_id) if found.category_id is not None else None
    steps = progress.steps(db, found.id, cycle=found.cycle)
    own = complaints.of_person(db, found.id, bearer.person_id())
    return responses.Ticket(
        number=found.number,
        token=_token(found.id),
        state=found.state,
        category=category.name if category else "",
        reported_at=found.reported_at,
        steps=progress_response.steps(steps),
        description=found.description,
        location=found.location,
        photos=[responses.Photo(id=photo_id) for photo_id in photos.of_ticket(db, found.id)],
        complaints=[responses.Complaint.model_validate(one) for one in own],
    )


def _token(ticket_id: int) -> str:
    return runtime().links.ticket_path(ticket_id).removeprefix("/r/")
