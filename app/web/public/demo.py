"""Pages of the demo alone: taking somebody's place, and what the simulated phones ask for."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, request, session
from werkzeug.wrappers import Response

from app.demo import roles, sandbox_codes, seats
from app.demo.sandbox_codes import Slip
from app.errors import Missing
from app.http import session as visit
from app.http.context import now, read_session, runtime
from app.http.i18n import gettext
from app.http.phone_gate import local_path
from app.http.words import word
from app.services.organisation import employment

blueprint = Blueprint("demo", __name__)


@blueprint.get("/demo/phone")
def phone() -> Response:
    """A link opened on a simulated phone, which has a seat of its own: whose it is WeChat said once, or says now."""
    session["phone"] = True
    return redirect(local_path(request.args.get("to", "")))


@blueprint.get("/demo/codes")
def codes() -> dict[str, list[dict[str, str]]]:
    """Codes the simulated phones can scan."""
    links = runtime().links
    with read_session() as db:
        slips, wards = sandbox_codes.slips(db, at=now()), sandbox_codes.wards(db)
        invited, labelled = sandbox_codes.invitations(db), sandbox_codes.assets(db)
    offered = [
        *((_label(slip), links.ticket_url(slip.ticket_id)) for slip in slips),
        *((gettext("科室码：%(name)s", name=name), links.ward_url(id_)) for id_, name in wards),
        *((gettext("设备标签：%(name)s", name=name), links.label_url("asset", id_)) for id_, name in labelled),
        *((gettext("绑定邀请：%(name)s", name=name), links.invitation_url(number)) for number, name in invited),
    ]
    return {"codes": [{"label": label, "url": url} for label, url in offered]}


@blueprint.post("/demo/sign-in")
def sign_in() -> Response:
    """Take a place at the console without typing its password: the seat of that role is somebody else's visit."""
    role = request.form.get("role", "")
    if role not in roles.CONSOLE:
        abort(400)
    seat = seats.console(role)
    return redirect(f"/seat/{seat}/demo/seat?{urlencode({'role': role, 'form': visit.sign_form(seat, role)})}", 303)


@blueprint.get("/demo/seat")
def take_seat() -> Response:
    """The second half, within the seat: only whoever has sent the form of the start page comes here."""
    role = request.args.get("role", "")
    visit.check_signed(request.args.get("form", ""), seats.console(role), role)
    part = roles.CONSOLE[role]
    with read_session() as db:
        person = employment.by_staff_number(db, part.staff_number)
    if person is None:
        raise Missing("not_the_demo")
    visit.enter_console(person.id, now())
    return redirect("/console")


def _label(slip: Slip) -> str:
    return f"{slip.department} · {slip.category} · {word('state', slip.state)} · {slip.number}"
