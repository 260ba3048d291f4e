"""The engineer's pages on the phone: own tickets, the next step as one large button, the code to show."""

from datetime import timedelta

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import session
from app.http.context import now, read_session, runtime, transaction
from app.services import links
from app.services.notices import inbox
from app.services.ratings import praise
from app.services.tickets import code_shown, engineer_worklist, lifecycle, progress
from qr import symbol

blueprint = Blueprint("engineer", __name__)

ACTS = {
    "accept": lifecycle.accept,
    "arrive": lifecycle.arrive,
    "finish": lifecycle.finish,
    "take-over": lifecycle.take_over,
}


@blueprint.get("/engineer")
def index() -> str:
    with read_session() as db:
        work = engineer_worklist.for_engineer(db, g.visitor.person_id, at=now())
        praised = praise.approved_of(db, g.visitor.person_id)
        unread = inbox.unread(db, g.visitor.person_id, at=now())
    form = session.form_token("shown")
    return render_template("engineer/index.html", work=work, praise=praised, unread=unread, form=form)


@blueprint.get("/engineer/<ticket:number>")
def show(number: str) -> str:
    with read_session() as db:
        job = engineer_worklist.one(db, number, engineer=g.visitor.person_id, at=now())
        unseen = inbox.unseen(db, job.ticket_id, person_id=g.visitor.person_id)
        steps = progress.steps(db, job.ticket_id, cycle=job.cycle)
    form = session.form_token("engineer", number)
    return render_template("engineer/ticket.html", job=job, steps=steps, unseen=unseen, form=form)


@blueprint.post("/engineer/<ticket:number>/opened")
@session.checks_its_own_form
def opened(number: str) -> tuple[str, int]:
    """The page says that somebody looks at it."""
    session.check_form("engineer", number)
    with transaction() as db:
        ticket = lifecycle.locked(db, number=number)
        lifecycle.mark_opened(db, ticket, by=g.visitor.person_id, at=now(), channel="wechat")
    return "", 204


@blueprint.post("/engineer/<ticket:number>/<act>")
@session.checks_its_own_form
def act(number: str, act: str) -> Response:
    """Accept, arrive, finish, take over. A second tap, or one after a lost answer, finds it done and just shows it."""
    session.check_form("engineer", number)
    service = ACTS.get(act)
    if service is None:
        raise Refused("move_not_allowed")
    with transaction() as db:
        ticket = lifecycle.locked(db, number=number)
        if not lifecycle.is_repeat(ticket, act, by=g.visitor.person_id):
            service(db, ticket, by=g.visitor.person_id, at=now(), channel="wechat")
    shows_code = act == "finish" and ticket.rateable
    page = f"/engineer/{links.in_path(number)}"
    return redirect(f"{page}/code" if shows_code else page, 303)


@blueprint.get("/engineer/<ticket:number>/code")
def code(number: str) -> str:
    """The code as large as the screen, for the user to scan; drawn in the page, so it is there without a network."""
    with read_session() as db:
        job = engineer_worklist.one(db, number, engineer=g.visitor.person_id, at=now())
        said = code_shown.which(db, job.ticket_id, cycle=job.cycle)
    drawn = symbol.data_address(runtime().links.ticket_url(job.ticket_id))
    return render_template("engineer/code.html", job=job, code=drawn, said=said, form=session.form_token("shown"))


@blueprint.post("/engineer/<ticket:number>/shown")
@session.checks_its_own_form
def shown(number: str) -> tuple[str, int]:
    """The page says that it is held out, or was `ago` seconds ago: a phone's clock may be wrong, this is not."""
    session.check_form("shown")
    cycle, ago = (request.form.get(name, "") for name in ("cycle", "ago"))
    if not (_short_number(cycle) and _short_number(ago)):
        raise Refused("absurd_time")
    at = now() - timedelta(seconds=int(ago))
    with transaction() as db:
        code_shown.record_shown(db, number, cycle=int(cycle), by=g.visitor.person_id, at=at, now=now())
    return "", 204


@blueprint.get("/engineer/<ticket:number>/code/opened")
def code_opened(number: str) -> tuple[str, int]:
    """200 once the user has opened the page, 204 before; the same whether rated or not (law 11)."""
    with read_session() as db:
        job = engineer_worklist.one(db, number, engineer=g.visitor.person_id, at=now())
        opened = code_shown.OPENED in code_shown.which(db, job.ticket_id, cycle=job.cycle)
    return "", 200 if opened else 204


def _short_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6
