"""An engineer's own shifts on the phone: check in, ask that a colleague takes one."""

from flask import g, redirect, render_template, request
from werkzeug.wrappers import Response

from app.http import session
from app.http.context import now, read_session, transaction
from app.http.ids import parse_id
from app.services.organisation import duty, duty_plan
from app.services.tickets import handing_over
from app.web.engineer.tickets import blueprint
from config.duty import shifts


@blueprint.get("/engineer/duty")
def own_duty() -> str:
    with read_session() as db:
        own = duty_plan.own_shifts(db, g.visitor.person_id, at=now())
        colleagues = handing_over.colleagues(db, g.visitor.person_id, day=now().date())
    shown = [(one, *duty.window(one.day, one.shift, now())) for one in own]
    due = [one for one, begins, _ends in shown if begins - duty_plan.EARLY <= now()]
    to_come = [one for one, begins, _ends in shown if begins > now()]
    return render_template(
        "engineer/duty.html",
        shown=shown,
        to_check_in=[one for one in due if one.checked_in_at is None],
        to_come=to_come,
        shifts=shifts(),
        colleagues=colleagues,
        form=session.form_token("duty"),
    )


@blueprint.post("/engineer/duty/check-in")
@session.checks_its_own_form
def check_in() -> Response:
    session.check_form("duty")
    with transaction() as db:
        duty_plan.check_in(db, g.visitor.person_id, at=now())
    return redirect("/engineer/duty", 303)


@blueprint.post("/engineer/duty/swap")
@session.checks_its_own_form
def swap() -> Response:
    session.check_form("duty")
    shift, to = (parse_id(request.form.get(name, "")) or 0 for name in ("shift", "colleague"))
    with transaction() as db:
        duty_plan.ask_swap(db, shift, to=to, by=g.visitor.person_id, at=now())
    return redirect("/engineer/duty?asked=1", 303)
