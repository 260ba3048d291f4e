"""The engineer's pages on the phone: own tickets, the next step as one large button, the code to show."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as KeptResponse

from app.errors import Refused
from app.http import forms, live, session
from app.http.context import now, read_session, runtime, transaction
from app.http.errors import status_of, words
from app.http.i18n import show_moment
from app.http.ids import parse_id
from app.http.words import word
from app.models import Ticket
from app.models.ticket import DECLINE_REASONS, PAUSE_REASONS, PRIORITIES
from app.pagination import Line
from app.services import idempotency, links
from app.services.notices import inbox
from app.services.organisation import catalogue
from app.services.ratings import praise
from app.services.registers import access, uses
from app.services.registers.access import Reader
from app.services.tickets import (
    code_shown,
    corrections,
    detail,
    engineer_worklist,
    findings,
    handing_over,
    lifecycle,
    notes,
    pauses,
    progress,
    urges,
)
from app.web.engineer.acts import ACTS, CHANNEL, GIVES_AWAY
from qr import symbol

KEY = re.compile(r"[0-9A-Za-z_.:-]{8,64}")
blueprint = Blueprint("engineer", __name__)


blueprint.add_url_rule("/engineer/changes", view_func=live.changes)


@blueprint.get("/engineer")
@live.keeps_fresh
def index() -> str:
    with read_session() as db:
        work = engineer_worklist.for_engineer(db, g.visitor.person_id, at=now(), zone=runtime().settings.timezone)
        praised = praise.approved_of(db, g.visitor.person_id)
        unread = inbox.unread(db, g.visitor.person_id, at=now())
    form = session.form_token("shown")
    return render_template("engineer/index.html", work=work, praise=_gathered(praised), unread=unread, form=form)


def _gathered(praised: Sequence[Line]) -> list[tuple[str, str, str]]:
    """Words, who signed them, and how often they were said: the same by the same once."""
    found = Counter((one.comment, " ".join(filter(None, (one.ward, one.rater)))) for one in praised)
    return [(comment, by, f"× {times}" if times > 1 else "") for (comment, by), times in found.most_common()]


def of_register(db: Session) -> Reader:
    """Who looks at a register: what is open of knowledge and parts."""
    return access.reader(db, g.visitor.person_id, hospital=False, acts=True, day=now().date())


@blueprint.get("/engineer/<ticket:number>")
@live.keeps_fresh
def show(number: str) -> str:
    with read_session() as db:
        job = engineer_worklist.one(db, number, engineer=g.visitor.person_id, at=now())
        (job,) = engineer_worklist.timed(db, [job], zone=runtime().settings.timezone, at=now())
        ticket = db.get_one(Ticket, job.ticket_id)
        causes, solutions = findings.offered(db, ticket.category_id) if job.finishable else ({}, {})
        shown = {
            "job": job,
            "causes": causes,
            "solutions": solutions,
            "at_the_spot": findings.at_the_spots(db, [ticket.id]).get(ticket.id, []),
            "related": findings.related(db, ticket),
            "unseen": inbox.unseen(db, job.ticket_id, person_id=g.visitor.person_id),
            "steps": progress.steps(db, job.ticket_id, cycle=job.cycle),
            "waiting": pauses.waiting(db, ticket, at=now()),
            "notes": notes.of_ticket(db, job.ticket_id, for_provider=True),
            "colleagues": handing_over.colleagues(db, g.visitor.person_id, day=now().date()) if job.leads else (),
            "helpers": detail.helpers(db, job.ticket_id),
            "articles": uses.offered(db, of_register(db), ticket, chosen=_chosen()) if job.finishable else (),
            "parts_kept": uses.parts(db, of_register(db)) if job.finishable else (),
        }
    return render_template(
        "engineer/ticket.html",
        form=session.form_token("engineer", number),
        pause_reasons=PAUSE_REASONS,
        pause_hours=pauses.LENGTHS,
        decline_reasons=DECLINE_REASONS,
        answers=urges.ANSWERS,
        chosen=_chosen(),
        **shown,
    )


def _chosen() -> int | None:
    """The article that was picked in the knowledge for this ticket."""
    return parse_id(request.args.get("article", ""))


@blueprint.get("/engineer/<ticket:number>/correct")
def correct(number: str) -> str:
    """The details that can be corrected: all of them until work has begun, then where and which asset it is."""
    with read_session() as db:
        job = engineer_worklist.one(db, number, engineer=g.visitor.person_id, at=now())
        ticket = db.get_one(Ticket, job.ticket_id)
        if not (job.leads and job.open):
            raise Refused("corrected_too_late")
        shown = {
            "now": corrections.details(db, ticket),
            "all_of_it": corrections.may_correct_all(db, ticket, by=g.visitor.person_id, at=now()),
            "categories": catalogue.categories_now(db, standing=ticket.category_id),
            "places": catalogue.places(db, department_id=ticket.department_id),
            "tag": corrections.tag(db, ticket),
        }
    form = session.form_token("engineer", number)
    return render_template("engineer/correct.html", job=job, form=form, priorities=PRIORITIES, **shown)


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
def act(number: str, act: str) -> KeptResponse:
    """One of ACTS. A second tap, or one after a lost answer, finds it done and just shows it; who comes second to
    somebody else is told what became of the ticket.
    """
    session.check_form("engineer", number)
    service = ACTS.get(act)
    try:
        with transaction() as db:
            ticket = lifecycle.locked(db, number=number)
            if service is None:
                raise Refused("move_not_allowed")
            first = _first(db, number, act)
            if first and not lifecycle.is_repeat(ticket, act, by=g.visitor.person_id):
                service(db, ticket, g.visitor.person_id)
    except Refused as refused:
        return _refused(refused, number)
    shows_code = act == "finish" and ticket.rateable
    page = f"/engineer/{links.in_path(number)}" + ("/code" if shows_code else "")
    there = "/engineer" if act in GIVES_AWAY else page
    return jsonify(next=there) if _asked_by_script() else redirect(there, 303)


def _first(db: Session, number: str, act: str) -> bool:
    """A tap that waited on the phone has a key: it is taken once, however often it is sent."""
    key, identity = request.form.get("key", ""), session.identity_id()
    if not key or identity is None:
        return True
    if not KEY.fullmatch(key):
        raise Refused("idempotency_key_missing")
    owner = idempotency.Owner(identity)
    known = idempotency.begin(db, owner, key, request=f"{number} {act}", at=now())
    if known is None:
        idempotency.store(db, owner, key, idempotency.KeptResponse(200, ""))
    return known is None


def _asked_by_script() -> bool:
    return request.headers.get("Accept") == "application/json"


def _refused(refused: Refused, number: str) -> Response:
    """In words, with what last became of the ticket, where this engineer ever had to do with it."""
    with read_session() as db:
        known = engineer_worklist.knows(db, number, engineer=g.visitor.person_id)
        last = detail.last_move(db, known) if known is not None else None
    if _asked_by_script():
        late = f" {show_moment(last.at)} {word('event', last.kind)} {last.lead or ''}" if last else ""
        return make_response(jsonify(text=words(refused) + late), status_of(refused))
    page = render_template("engineer/refused.html", text=words(refused), last=last, number=number if last else "")
    return make_response(page, status_of(refused))


@blueprint.get("/engineer/today")
@live.keeps_fresh
def today() -> str:
    """All that is open, each with what is needed and its next steps: for where there is no network."""
    with read_session() as db:
        work = engineer_worklist.for_engineer(db, g.visitor.person_id, at=now(), zone=runtime().settings.timezone)
        spots = findings.at_the_spots(db, [job.ticket_id for job in work.open[: engineer_worklist.RECENT]])
    forms = {job.number: session.form_token("engineer", job.number) for job in work.open}
    return render_template("engineer/today.html", work=work, spots=spots, forms=forms)


@blueprint.get("/engineer/hand-over")
def shift() -> str:
    """The end of a shift: all open tickets go to a colleague, with a note."""
    with read_session() as db:
        work = engineer_worklist.for_engineer(db, g.visitor.person_id, at=now(), zone=runtime().settings.timezone)
        colleagues = handing_over.colleagues(db, g.visitor.person_id, day=now().date())
    led = [job for job in work.open if job.leads]
    return render_template("engineer/shift.html", led=led, colleagues=colleagues, form=session.form_token("shift"))


@blueprint.post("/engineer/hand-over")
@session.checks_its_own_form
def hand_over_shift() -> KeptResponse:
    session.check_form("shift")
    to, note = parse_id(request.form.get("colleague", "")), forms.typed("note", notes.LONGEST)
    with transaction() as db:
        handing_over.hand_over_shift(db, to=to or 0, note=note, by=g.visitor.person_id, at=now(), channel=CHANNEL)
    return redirect("/engineer", 303)


@blueprint.get("/engineer/<ticket:number>/code")
def code(number: str) -> str:
    """The code as large as the screen, for the user to scan; drawn in the page, so it is there without a network."""
    with read_session() as db:
        job = engineer_worklist.one(db, number, engineer=g.visitor.person_id, at=now())
        recorded = code_shown.which(db, job.ticket_id, cycle=job.cycle)
    drawn = symbol.data_address(runtime().links.ticket_url(job.ticket_id))
    return render_template("engineer/code.html", job=job, code=drawn, said=recorded, form=session.form_token("shown"))


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
