"""A ticket's details corrected at the desk or by the hospital, before its completion."""

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import corrected, rate_limits
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext
from app.models import Department, Person
from app.models.ticket import PRIORITIES
from app.services.organisation import catalogue
from app.services.tickets import corrections, detail, lifecycle
from app.web.console.filters import grouped
from app.web.console.overview import blueprint
from app.web.console.tickets.tickets import CHANNEL, by


@blueprint.get("/console/tickets/<ticket:number>/correct")
def correct_page(number: str) -> str:
    with read_session() as session:
        ticket = detail.facts(session, number.strip()).Ticket
        now_ = corrections.details(session, ticket)
        served = session.get(Person, now_.served_person) if now_.served_person else None
        department = session.get(Department, now_.served_department) if now_.served_department else None
        return render_template(
            "console/correct.html",
            ticket=ticket,
            now=now_,
            tag=corrections.tag(session, ticket),
            served=served.name if served else department.name if department else "",
            served_too=corrections.may_correct_served(session, ticket, by=by(), at=now()),
            all_of_it=corrections.may_correct_all(session, ticket, by=by(), at=now()),
            priorities=PRIORITIES,
            departments=catalogue.departments_now(session, standing=now_.department),
            places=grouped(catalogue.places(session), "department"),
            categories=grouped(catalogue.categories_now(session, standing=now_.category), "heading"),
        )


@blueprint.post("/console/tickets/<ticket:number>/correct")
def correct(number: str) -> Response:
    typed = corrected.typed()
    looks_up = typed.served == "person" and not g.visitor.supervises
    if looks_up and not rate_limits.may_name_people(by()):
        raise Refused("too_many_people")
    try:
        with transaction() as session:
            ticket = lifecycle.locked(session, number=number.strip())
            if ticket.updated_at.isoformat() != request.form.get("seen"):
                flash(gettext("工单刚刚有变化，这次没有提交。请看一眼再操作。"), "warning")
                return redirect(url_for("console.ticket", number=number), code=303)
            new = corrections.read(session, ticket, typed, at=now())
            zone = runtime().settings.timezone
            done = corrections.correct(session, ticket, new, by=by(), at=now(), zone=zone, channel=CHANNEL)
    except Refused as refused:
        if looks_up and refused.code == "correction_person":
            rate_limits.count_missed_person(by())
        raise
    flash(gettext("已更正，时限重新计算。") if done else gettext("没有改动。"), "success")
    return redirect(url_for("console.ticket", number=number), code=303)
