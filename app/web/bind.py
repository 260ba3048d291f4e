"""Binding a phone to a staff number: by what stands in the roster, or by an invitation; and undoing it."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.services import binding, invitations
from app.services.binding import Outcome
from app.web import limits, visit
from app.web.edge import moment, reading, runtime, transaction
from app.web.my import Page, known_identity, notice_first
from app.web.wechat import local_path, to_wechat

blueprint = Blueprint("bind", __name__)

STATUS = {Outcome.CLAIMED: 202, Outcome.WRONG: 422, Outcome.TOO_MANY: 429}


@blueprint.get("/my/bind")
def form() -> Page:
    here = request.full_path.rstrip("?")
    if visit.identity_id() is None:
        return to_wechat(here)
    if visit.phone_visitor() is not None:
        return redirect(local_path(request.args.get("next", "/my")))
    return notice_first(here) or _page("", 200)


@blueprint.post("/my/bind")
@visit.checks_its_own_form
def bind() -> Page:
    identity = known_identity()
    visit.check_form("bind")
    with transaction() as db:
        outcome = binding.bind(
            db,
            identity_id=identity,
            staff_number=request.form.get("staff_number", "")[:64],
            name=request.form.get("name", "")[:64],
            last_four=request.form.get("last_four", "")[:8],
            at=moment(),
        )
    if outcome is Outcome.BOUND:
        return redirect(local_path(request.form.get("next", "/my")), 303)
    return _page(outcome.value, STATUS[outcome])


@blueprint.get("/bind/<token>")
def invitation(token: str) -> Page:
    """Whose invitation this is, as far as he knows it himself; nothing is bound by looking."""
    number = _number(token)
    if visit.identity_id() is None:
        return to_wechat(request.path)
    if notice := notice_first(request.path):
        return notice
    with reading() as db:
        invited = invitations.open_to(db, number, identity_id=known_identity(), at=moment())
    if invited is None:
        return redirect(_home())
    return render_template("invited.html", invited=invited, token=token, form=visit.form_token("invitation", token))


@blueprint.post("/bind/<token>")
@visit.checks_its_own_form
def accept(token: str) -> Page:
    number, identity = _number(token), known_identity()
    visit.check_form("invitation", token)
    with transaction() as db:
        outcome = invitations.accept(db, number, identity_id=identity, at=moment())
    return redirect(_home(), 303) if outcome is Outcome.BOUND else _page(outcome.value, STATUS[outcome])


@blueprint.get("/my/unbind")
def ask_unbind() -> Page:
    """What stops when this phone is nobody's again."""
    if visit.identity_id() is None:
        return to_wechat("/my")
    visitor = visit.phone_visitor()
    if visitor is None:
        return redirect("/my")
    wecom = runtime().settings.wecom
    known = wecom is not None and wecom.userids == "staff_numbers"
    return render_template("unbind.html", visitor=visitor, known_by_number=known, form=visit.form_token("unbind"))


@blueprint.post("/my/unbind")
@visit.checks_its_own_form
def unbind() -> Response:
    identity, visitor = known_identity(), visit.phone_visitor()
    visit.check_form("unbind")
    if visitor is None:
        raise Refused("not_bound")
    with transaction() as db:
        binding.unbind(db, identity, by=visitor.person_id, at=moment())
    return redirect("/my", 303)


def _number(token: str) -> int:
    return limits.known(lambda: runtime().links.invitation_number(token))


def _home() -> str:
    """Where somebody has most to do once he is known."""
    visitor = visit.phone_visitor()
    return "/engineer" if visitor and "engineer" in visitor.roles else "/my"


def _page(outcome: str, status: int) -> tuple[str, int]:
    next_path = local_path(request.values.get("next", "/my"))
    page = render_template(
        "bind.html",
        outcome=outcome,
        next_path=next_path,
        token=visit.form_token("bind"),
        hotline=runtime().settings.hotline,
    )
    return page, status
