"""Tickets: the list, one ticket with its timeline, and what the desk does with it."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import Response, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.http import forms, live
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext, show_moment
from app.http.ids import parse_id
from app.http.words import word
from app.models import Ticket
from app.models.ticket import MOVES, OPEN_STATES, PAUSE_REASONS, STATES
from app.pagination import Line
from app.services.codes import slip_pads
from app.services.organisation import catalogue, directory, saved_filters
from app.services.ratings import manual_entry, search
from app.services.registers import uses
from app.services.service_levels import clock, escalation
from app.services.tickets import (
    desk_intake,
    detail,
    findings,
    lifecycle,
    linking,
    nodes,
    notes,
    pauses,
    photos,
    suggestions,
    urges,
)
from app.services.tickets import search as ticket_list
from app.services.tickets.search import OPEN, TicketFilter
from app.web.console import exports, filters
from app.web.console.overview import blueprint
from app.web.console.registers import registers
from app.web.console.tickets import node_picture
from config.sla import service_levels
from qr import symbol

CHANNEL = "console"
MOST_HELPERS = 20
TABS = ("", OPEN, "reported", "reopened", "dispatched", "accepted", "arrived", "finished", "closed", "cancelled")


@blueprint.get("/console/tickets")
@live.keeps_fresh
def ticket_index() -> str | Answer:
    first, last = filters.day("from"), filters.day("to")
    chosen = TicketFilter(
        state=filters.code("state", {*STATES, OPEN}),
        department_id=filters.row_id("department"),
        category_id=filters.row_id("category"),
        engineer_id=filters.row_id("engineer"),
        since=filters.beginning(first),
        until=filters.end(last),
        text=filters.text("q"),
        staff_numbers=g.visitor.supervises,
        order=filters.code("order", ticket_list.ORDERS),
    )
    if exports.requested():
        return exports.export(
            "tickets",
            _columns(open_ones=chosen.open),
            lambda session, after: ticket_list.find(session, chosen, after=after),
        )
    with read_session() as session:
        page = ticket_list.find(session, chosen, after=filters.cursor("after"))
        unopened = escalation.red(session, at=now(), tickets=[row.id for row in page.rows])
        urged = urges.standing(session, tickets=[row.id for row in page.rows])
        total = ticket_list.total(session, chosen)
        too_many = ticket_list.too_many_named(session, chosen)
        waiting = {row.id for row in page.rows if row.state == "reported"}
        candidates = detail.candidates(session, now().date()) if waiting and g.may_act else []
        choices = {
            "departments": catalogue.departments(session),
            "categories": catalogue.categories(session),
            "engineers": directory.engineers(session),
            "saved": saved_filters.of_page(session, by(), "tickets"),
        }
    if len(page.rows) == 1 and page.rows[0].number == chosen.text.upper():
        return redirect(url_for("console.ticket", number=page.rows[0].number))
    most = ticket_list.NAMESAKES if too_many else None
    red = {row.ticket_id: row for row in unopened}
    shown = {"page": page, "red": red, "urged": urged, "tabs": TABS, "first": first, "last": last, "most": most}
    counted = ticket_list.COUNTED
    shown |= {"total": min(total, counted), "many": total > counted}
    late = {row.id for row in page.rows if chosen.open and row.due_at and row.due_at < now()}
    shown |= {"order": chosen.sorted_by, "open_ones": chosen.open, "late": late}
    shown |= {"waiting": waiting, "teams": filters.grouped(candidates, "team")}
    return render_template("console/tickets.html", **shown, **choices)


def _columns(*, open_ones: bool) -> exports.Columns:
    due: exports.Columns = {gettext("最迟"): lambda row: row.due_at} if open_ones else {}
    return {
        gettext("编号"): lambda row: row.number,
        gettext("报修时间"): lambda row: row.reported_at,
        gettext("状态"): lambda row: word("state", row.state),
        gettext("优先级"): lambda row: word("priority", row.priority),
        **due,
        gettext("科室"): lambda row: row.department,
        gettext("报修人"): lambda row: row.requester or row.served,
        gettext("服务"): lambda row: row.category,
        gettext("说明"): lambda row: row.description,
        gettext("工程师"): lambda row: row.lead,
        gettext("团队"): lambda row: row.team,
    }


@blueprint.get("/console/tickets/<ticket:number>")
@live.keeps_fresh
def ticket(number: str) -> str:
    provider = not g.visitor.supervises
    with read_session() as session:
        facts = detail.facts(session, number.strip())
        found: Ticket = facts.Ticket
        helpers = detail.helpers(session, found.id)
        steps = detail.timeline(session, found.id, for_provider=provider)
        shown = {
            "facts": facts,
            "ticket": found,
            "helpers": helpers,
            "steps": steps,
            "cycles": nodes.cycles(steps, at=now()),
            "notices": detail.notices(session, found.id, for_provider=provider),
            "clocks": clock.of_ticket(session, found, zone=runtime().settings.timezone, at=now()),
            "urged_at": urges.standing(session, tickets=[found.id]).get(found.id),
            "unopened": escalation.red(session, at=now(), tickets=[found.id]),
            "photos": photos.of_ticket(session, found.id),
            "ratings": [] if provider else search.of_ticket(session, found.id),
            "entered": [] if provider else manual_entry.of_ticket(session, found.id),
            # Who took the call has the caller on the line; another's number is not to be had by opening a ticket.
            "telephones": g.visitor.supervises or found.source not in desk_intake.SOURCES,
            "waiting": pauses.waiting(session, found, at=now()),
            "related": findings.related(session, found),
            "solved_with": uses.solved_with(session, found.id),
            "knowledge": uses.offered(session, registers.reader(session), found) if found.state in OPEN_STATES else (),
            "notes": notes.of_ticket(session, found.id, for_provider=provider),
            "correctable": g.may_act and found.state in OPEN_STATES,
            "may_pause": found.state in pauses.ANSWERED,
            "may_be_incident": g.visitor.supervises and found.state in OPEN_STATES,
            "may_close": "closed" in MOVES[found.state],
            "may_cancel": "cancelled" in MOVES[found.state] and lifecycle.may_cancel(session, found, g.visitor.roles),
        }
        if "dispatched" in MOVES[found.state]:
            candidates = detail.candidates(session, now().date())
            shown |= _dispatch_form(found, helpers, candidates)
            shown["suggestions"] = suggestions.rank(session, found, candidates, at=now())
    return render_template(
        "console/ticket.html",
        draw=node_picture.draw,
        scan_url=runtime().links.ticket_url(found.id),
        slip_name=slip_pads.name,
        opening_hours=service_levels().calendars,
        answers=urges.ANSWERS,
        pause_reasons=PAUSE_REASONS,
        pause_hours=pauses.LENGTHS,
        note_kinds=() if provider else notes.KINDS,
        printable=found.rateable and found.state != "cancelled",
        **shown,
    )


def _dispatch_form(ticket: Ticket, helpers: Sequence[Line], candidates: Sequence[Line]) -> dict[str, object]:
    """Whom it could be given to: the lead by team, the helpers by name."""
    return {
        "teams": filters.grouped(candidates, "team"),
        "by_name": sorted(candidates, key=lambda one: one.name),
        "helping": {one.id for one in helpers},
        "given_before": ticket.lead_id is not None and ticket.state != "reopened",
    }


@blueprint.get("/console/tickets/<ticket:number>/code.svg")
def ticket_code(number: str) -> Response:
    with read_session() as session:
        found = detail.facts(session, number.strip()).Ticket
    return Response(symbol.svg(runtime().links.ticket_url(found.id)), mimetype="image/svg+xml")


@blueprint.post("/console/tickets/<ticket:number>/dispatch")
def dispatch(number: str) -> Answer:
    lead = parse_id(request.form.get("lead", ""))
    helpers = [parse_id(helper) or 0 for helper in request.form.getlist("helpers")]
    if lead is None or len(helpers) > MOST_HELPERS:
        raise Refused("not_an_engineer")

    def give(session: Session, ticket: Ticket) -> None:
        lifecycle.dispatch(session, ticket, to=lead, helpers=helpers, by=by(), at=now(), channel=CHANNEL)

    return _act(number, give, gettext("已派单，通知已排队发出。"))


@blueprint.post("/console/tickets/<ticket:number>/close")
def close(number: str) -> Answer:
    def shut(session: Session, ticket: Ticket) -> None:
        lifecycle.close(session, ticket, by=by(), at=now(), channel=CHANNEL)

    return _act(number, shut, gettext("工单已关闭。"))


@blueprint.post("/console/tickets/<ticket:number>/cancel")
def cancel(number: str) -> Answer:
    def drop(session: Session, ticket: Ticket) -> None:
        lifecycle.cancel(session, ticket, by=by(), at=now(), channel=CHANNEL)
        reason = forms.reason()
        notes.add(session, ticket, reason, kind="noted", by=by(), at=now(), channel=CHANNEL)

    return _act(number, drop, gettext("工单已取消。"))


@blueprint.post("/console/tickets/<ticket:number>/pause")
def pause(number: str) -> Answer:
    def wait(session: Session, ticket: Ticket) -> None:
        reason, hours = request.form.get("reason", ""), parse_id(request.form.get("hours", "")) or 0
        until, zone = now() + timedelta(hours=hours if hours in pauses.LENGTHS else 0), runtime().settings.timezone
        pauses.pause(session, ticket, reason=reason, until=until, by=by(), at=now(), zone=zone, channel=CHANNEL)

    return _act(number, wait, gettext("计时已暂停。"))


@blueprint.post("/console/tickets/<ticket:number>/resume")
def resume(number: str) -> Answer:
    def go_on(session: Session, ticket: Ticket) -> None:
        pauses.resume(session, ticket, by=by(), at=now(), zone=runtime().settings.timezone, channel=CHANNEL)

    return _act(number, go_on, gettext("计时已恢复。"))


@blueprint.post("/console/tickets/<ticket:number>/answer")
def answer(number: str) -> Answer:
    """Who comes second learns that it was answered: the urge stands no more."""
    with transaction() as session:
        found = lifecycle.locked(session, number=number.strip())
        urges.answer(session, found, code=request.form.get("answer", ""), by=by(), at=now(), channel=CHANNEL)
    flash(gettext("已答复，用户能看到谁在什么时候答复的。"), "success")
    return redirect(url_for("console.ticket", number=number), code=303)


@blueprint.post("/console/tickets/<ticket:number>/note")
def note(number: str) -> Answer:
    """A note changes nothing of the ticket, so it is kept whatever became of it meanwhile."""
    kind = request.form.get("kind", "noted")
    if kind == "noted_inside" and not g.visitor.supervises:
        raise Refused("note_empty")
    with transaction() as session:
        found = lifecycle.locked(session, number=number.strip())
        words = forms.typed("note", notes.LONGEST)
        notes.add(session, found, words, kind=kind, by=by(), at=now(), channel=CHANNEL)
    flash(gettext("备注已保存。"), "success")
    return redirect(url_for("console.ticket", number=number), code=303)


@blueprint.post("/console/tickets/<ticket:number>/link")
def link(number: str) -> Answer:
    """Another ticket is about the same fault; each keeps its own provider, clock and rating."""
    other = forms.typed("other", 64)
    with transaction() as session:
        linking.link(session, number.strip(), other, by=by(), at=now(), channel=CHANNEL)
    flash(gettext("两张工单已关联。"), "success")
    return redirect(url_for("console.ticket", number=number), code=303)


def by() -> int:
    return int(g.visitor.person_id)


def _last_step(last: detail.Step) -> str:
    moved = f"{show_moment(last.at)} {last.actor or ''} {word('event', last.kind)}"
    return gettext("最近一步：%(moved)s", moved=f"{moved} → {last.lead}" if last.lead else moved)


def _act(number: str, act: Callable[[Session, Ticket], None], done: str) -> Answer:
    """Do it if the ticket still is as the form showed it: a second tap or another desk changes nothing twice."""
    here = redirect(url_for("console.ticket", number=number), code=303)
    with transaction() as session:
        ticket = lifecycle.locked(session, number=number.strip())
        if ticket.updated_at.isoformat() != request.form.get("seen"):
            flash(gettext("工单刚刚有变化，这次没有提交。请看一眼再操作。"), "warning")
            if last := detail.last_move(session, ticket.id):
                flash(_last_step(last), "warning")
            return here
        act(session, ticket)
    flash(done, "success")
    return here
