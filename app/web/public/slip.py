"""`/s/<token>`: a blank slip. Its ticket's page once it was given to one; before that, the engineer gives it away."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import phone_gate, rate_limits, session
from app.http.context import now, read_session, runtime, transaction
from app.http.session import Visitor
from app.services.codes import slip_pads
from app.services.tickets import engineer_worklist, lifecycle

blueprint = Blueprint("slip", __name__)

RECENT = 5  # done tickets, the latest, that a slip may be linked to with one tap


@blueprint.get("/s/<token>")
def show(token: str) -> Response | str:
    number, ticket_id = rate_limits.throttle_unknown(lambda: _slip(token))
    if ticket_id is not None:
        return redirect(runtime().links.ticket_path(ticket_id))
    if first := phone_gate.before_in_wechat(request.path):
        return first
    engineer = _engineer()
    if engineer is None:
        return redirect("/report?slip=blank")
    with read_session() as db:
        window = runtime().settings.rating_window
        work = engineer_worklist.for_slip(
            db, engineer.person_id, window=window, at=now(), zone=runtime().settings.timezone
        )
    name, form = slip_pads.name(number), session.form_token("slip", number)
    recent = work.finished[:RECENT]
    return render_template("engineer/slip.html", work=work, recent=recent, slip=name, token=token, form=form)


@blueprint.post("/s/<token>")
@session.checks_its_own_form
def link(token: str) -> Response:
    """The engineer's tap on one of their tickets."""
    number = rate_limits.throttle_unknown(lambda: runtime().links.slip_number(token))
    session.check_form("slip", number)
    engineer = _engineer()
    if engineer is None:
        raise Refused("sign_in_again")
    with transaction() as db:
        job = engineer_worklist.one(db, request.form.get("ticket", ""), engineer=engineer.person_id, at=now())
        if job.offered:
            raise Refused("take_over_first")
        ticket = lifecycle.locked(db, ticket_id=job.ticket_id)
        window, by = runtime().settings.rating_window, engineer.person_id
        slip_pads.link(db, number, ticket, window=window, by=by, at=now(), channel="wechat")
    return redirect(f"/engineer/{job.number}", 303)


def _slip(token: str) -> tuple[int, int | None]:
    number = runtime().links.slip_number(token)
    with read_session() as db:
        return number, slip_pads.ticket_of(db, number)


def _engineer() -> Visitor | None:
    visitor = session.phone_visitor()
    return visitor if visitor is not None and "engineer" in visitor.roles else None
