"""The engineer's pages on his phone: his tickets, the next step as one large button, the code to show."""

from flask import Blueprint, Response, g, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from app.errors import Refused
from app.services import engineer_work, inbox, praise, progress, tickets
from app.web import visit
from app.web.edge import moment, reading, runtime, transaction
from qr import symbol

blueprint = Blueprint("engineer", __name__)

ACTS = {
    "accept": tickets.accept,
    "arrive": tickets.arrive,
    "finish": tickets.finish,
    "take-over": tickets.take_over,
}


@blueprint.get("/engineer")
def index() -> str:
    with reading() as db:
        work = engineer_work.of(db, g.visitor.person_id, at=moment())
        told = praise.told(db, g.visitor.person_id)
        unread = inbox.unread(db, g.visitor.person_id, at=moment())
    return render_template("engineer/index.html", work=work, praise=told, unread=unread)


@blueprint.get("/engineer/<number>")
def show(number: str) -> str:
    with reading() as db:
        job = engineer_work.one(db, number, engineer=g.visitor.person_id, at=moment())
        unseen = inbox.unseen(db, job.ticket_id, person_id=g.visitor.person_id)
        steps = progress.steps(db, job.ticket_id, cycle=job.cycle)
    form = visit.form_token("engineer", number)
    return render_template("engineer/ticket.html", job=job, steps=steps, unseen=unseen, form=form)


@blueprint.post("/engineer/<number>/opened")
@visit.checks_its_own_form
def opened(number: str) -> tuple[str, int]:
    """The page says that somebody looks at it."""
    visit.check_form("engineer", number)
    with transaction() as db:
        ticket = tickets.locked(db, number=number)
        tickets.see(db, ticket, by=g.visitor.person_id, at=moment(), channel="wechat")
    return "", 204


@blueprint.post("/engineer/<number>/<act>")
@visit.checks_its_own_form
def act(number: str, act: str) -> AnyResponse:
    """Accept, arrive, finish, take over. A second tap, or one after a lost answer, finds it done and just shows it."""
    visit.check_form("engineer", number)
    service = ACTS.get(act)
    if service is None:
        raise Refused("move_not_allowed")
    with transaction() as db:
        ticket = tickets.locked(db, number=number)
        if not tickets.done_already(ticket, act, by=g.visitor.person_id):
            service(db, ticket, by=g.visitor.person_id, at=moment(), channel="wechat")
    shows_code = act == "finish" and ticket.rateable
    return redirect(f"/engineer/{number}/code" if shows_code else f"/engineer/{number}", 303)


@blueprint.get("/engineer/<number>/code")
def code(number: str) -> str:
    """The code as large as the screen, for the user to scan."""
    with reading() as db:
        job = engineer_work.one(db, number, engineer=g.visitor.person_id, at=moment())
    return render_template("engineer/code.html", job=job)


@blueprint.get("/engineer/<number>/code.svg")
def code_image(number: str) -> Response:
    with reading() as db:
        job = engineer_work.one(db, number, engineer=g.visitor.person_id, at=moment())
    return Response(symbol.svg(runtime().links.ticket_url(job.ticket_id)), mimetype="image/svg+xml")
