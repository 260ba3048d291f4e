"""The user's door to the supervision: complaining, before, during and after a ticket; and what became of it."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session

from app.errors import Refused
from app.http import forms, phone_gate, rate_limits, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.errors import words
from app.http.ids import parse_id
from app.models import Ticket
from app.models.rating import LEVELS
from app.services.cases import acts, complaints, limits, own
from app.services.cases.complaints import ComplaintForm
from app.services.organisation import employment
from app.services.tickets import lifecycle

blueprint = Blueprint("cases", __name__)

ABOUT = ("service", "supervisor")  # what is about no ticket


@dataclass(frozen=True)
class _About:
    """The ticket whose code led here, or none; `token` brings the form back to it."""

    ticket_id: int | None
    token: str


@blueprint.get("/complain")
def form() -> Page:
    here = request.full_path.rstrip("?")
    return phone_gate.before(phone_gate.local_path(here), bound=True) or _form(_about())


@blueprint.post("/complain")
@session.checks_its_own_form
def complain() -> Page:
    person, about = phone_gate.person(), _about()
    session.check_form("complain", about.token)
    try:
        text = forms.typed("text", complaints.LONGEST)
        if not text:
            raise Refused("said_nothing")
        with transaction() as db:
            if employment.of_the_provider(db, person, now().date()):
                raise Refused("provider_complains")
            ticket = lifecycle.locked(db, ticket_id=about.ticket_id) if about.ticket_id else None
            form = ComplaintForm(text, "ticket" if ticket else _what(), hidden="hidden" in request.form)
            made = complaints.complain(db, ticket, form, by=person, at=now(), channel="wechat")
    except Refused as refused:
        if refused.code not in {"said_nothing", "too_long", "complained_already"}:
            raise
        return _form(about, fault=words(refused)), 409 if refused.code == "complained_already" else 422
    return redirect(runtime().links.case_path(made.id), 303)


def _about() -> _About:
    token = request.values.get("r", "")
    return _About(rate_limits.throttle_unknown(lambda: runtime().links.ticket_id(token)) if token else None, token)


def _what() -> str:
    return "supervisor" if request.form.get("about") == "supervisor" else "service"


def _form(about: _About, *, fault: str = "") -> str:
    with read_session() as db:
        number = db.get_one(Ticket, about.ticket_id).number if about.ticket_id else None
        promised = limits.promised(db, now())
    return render_template(
        "complain.html",
        number=number,
        about=about,
        whats=ABOUT,
        fault=fault,
        typed=request.form.get("text", ""),
        **promised,
        hidden=request.method == "GET" or "hidden" in request.form,
        most=complaints.LONGEST,
        form=session.form_token("complain", about.token),
    )


@blueprint.get("/my/cases/<token>")
def case(token: str) -> Page:
    if first := phone_gate.before(request.path, bound=True):
        return first
    page, here = _case(case_id := _case_id(token)), runtime().links.case_path(case_id)
    return page if request.path == here else redirect(here)  # only for whose it is: else it would say which is which


@blueprint.post("/my/cases/<token>/<act>")
@session.checks_its_own_form
def act(token: str, act: str) -> Page:
    """How content they are with what was done, that it is not solved, or that it is."""
    case_id = _case_id(token)
    session.check_form("case", case_id)
    try:
        with transaction() as db:
            _act(db, act, case_id, phone_gate.person())
    except Refused as refused:
        if refused.code not in {"words_needed", "too_long", "no_level"}:
            raise
        return _case(case_id, fault=words(refused)), 422
    return redirect(runtime().links.case_path(case_id), 303)


def _case_id(token: str) -> int:
    """The case; notices of the time before there were tokens name it by its number. Raises Missing."""
    number = parse_id(token)
    return number if number is not None else rate_limits.throttle_unknown(lambda: runtime().links.case_id(token))


def _act(db: Session, act: str, case_id: int, person: int) -> None:
    match act:
        case "rate":
            level = parse_id(request.form.get("level", "")) or 0
            acts.rerate(db, case_id, level=level, by=person, at=now(), channel="wechat")
        case "insist":
            text = forms.typed("text", complaints.LONGEST)
            acts.insist(db, case_id, text=text, by=person, at=now(), channel="wechat")
        case "close":
            acts.close_by_user(db, case_id, by=person, at=now(), channel="wechat")
        case _:
            raise Refused("not_at_this_stage")


def _case(case_id: int, *, fault: str = "") -> str:
    with read_session() as db:
        found = own.of_person(db, case_id, phone_gate.person())
    return render_template(
        "case.html",
        own=found,
        case=found.case,
        here=runtime().links.case_path(case_id),
        link=runtime().links.ticket_path,
        levels=LEVELS,
        most=complaints.LONGEST,
        fault=fault,
        form=session.form_token("case", case_id),
    )
