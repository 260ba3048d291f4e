"""Binding a phone to a staff number: by what stands in the roster, or by an invitation; and undoing it."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms, phone_gate, rate_limits, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.http.phone_gate import local_path
from app.services.identity import binding, invitations
from app.services.identity.binding import Outcome

blueprint = Blueprint("bind", __name__)

STATUS = {Outcome.CLAIMED: 202, Outcome.WRONG: 422, Outcome.TOO_MANY: 429}


@blueprint.get("/my/bind")
def form() -> Page:
    here = request.full_path.rstrip("?")
    if session.phone_visitor() is not None:
        return redirect(local_path(request.args.get("next", "/my")))
    if first := phone_gate.before(here):
        return first
    with read_session() as db:
        claimed = binding.has_claimed(db, phone_gate.identity())
    return _page(Outcome.CLAIMED.value if claimed else "", 200)


@blueprint.post("/my/bind")
@session.checks_its_own_form
def bind() -> Page:
    identity = phone_gate.identity()
    session.check_form("bind")
    if not _by_roster():
        raise Refused("binding_by_roster")
    with transaction() as db:
        outcome = binding.bind(
            db,
            identity_id=identity,
            staff_number=forms.typed("staff_number"),
            name=forms.typed("name"),
            last_four=forms.typed("last_four"),
            at=now(),
        )
    if outcome is Outcome.BOUND:
        return redirect(local_path(request.form.get("next", "/my")), 303)
    return _page(outcome.value, STATUS[outcome])


@blueprint.get("/bind/<token>")
def invitation(token: str) -> Page:
    """Whose invitation this is, as far as they know it themselves; nothing is bound by looking."""
    number = _number(token)
    if first := phone_gate.before(request.path):
        return first
    with read_session() as db:
        invited = invitations.open_to(db, number, identity_id=phone_gate.identity(), at=now())
    if invited is None:
        return redirect(_home())
    return render_template("invited.html", invited=invited, token=token, form=session.form_token("invitation", token))


@blueprint.post("/bind/<token>")
@session.checks_its_own_form
def accept(token: str) -> Page:
    number, identity = _number(token), phone_gate.identity()
    session.check_form("invitation", token)
    with transaction() as db:
        outcome = invitations.accept(db, number, identity_id=identity, at=now())
    return redirect(_home(), 303) if outcome is Outcome.BOUND else _page(outcome.value, STATUS[outcome])


@blueprint.get("/my/unbind")
def ask_unbind() -> Page:
    """What stops when this phone is nobody's again."""
    visitor = session.phone_visitor()
    if visitor is None:
        return redirect("/my")
    wecom = runtime().settings.wecom
    known = wecom is not None and wecom.userids == "staff_numbers"
    return render_template("unbind.html", visitor=visitor, known_by_number=known, form=session.form_token("unbind"))


@blueprint.post("/my/unbind")
@session.checks_its_own_form
def unbind() -> Response:
    identity, visitor = phone_gate.identity(), session.phone_visitor()
    session.check_form("unbind")
    if visitor is None:
        raise Refused("not_bound")
    with transaction() as db:
        binding.unbind(db, identity, by=visitor.person_id, at=now())
    return redirect("/my", 303)


def _number(token: str) -> int:
    return rate_limits.throttle_unknown(lambda: runtime().links.invitation_number(token))


def _home() -> str:
    """Where somebody has most to do once they are known."""
    visitor = session.phone_visitor()
    return "/engineer" if visitor and "engineer" in visitor.roles else "/my"


def _by_roster() -> bool:
    """Whether somebody may claim by what stands in the roster: where a supervisor then says yes."""
    return "supervisor" in runtime().settings.binding_proof


def _page(outcome: str, status: int) -> tuple[str, int]:
    next_path = local_path(request.values.get("next", "/my"))
    page = render_template(
        "bind.html",
        outcome=outcome,
        by_roster=_by_roster(),
        next_path=next_path,
        token=session.form_token("bind"),
    )
    return page, status
