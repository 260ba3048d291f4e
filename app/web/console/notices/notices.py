"""Every notice: sent, waiting, or why not; and for one ticket or person, the way of each."""

from functools import partial

from flask import Response, abort, g, render_template
from sqlalchemy.orm import Session

from app.errors import Missing
from app.http.context import now, read_session, runtime
from app.http.i18n import gettext
from app.http.words import word
from app.models.notice import NOTICE_STATES
from app.pagination import Cursor, Page
from app.services.notices import channels, circuit_breaker, delivery_log
from app.services.notices.delivery_log import Reach
from app.services.organisation import employment
from app.services.tickets import detail
from app.web.console import exports, filters
from app.web.console.overview import blueprint


@blueprint.get("/console/notices")
def notice_index() -> str | Response:
    if number := filters.text("ticket"):
        return _of_ticket(number)
    if staff_number := filters.text("person"):
        return _of_person(staff_number)
    state = filters.code("state", NOTICE_STATES)
    provider = not g.visitor.supervises
    if exports.wanted():
        find = partial(_page, provider=provider, state=state)
        return exports.export("notices", _columns(provider=provider), find)
    with read_session() as session:
        stops = circuit_breaker.standing(session)
        page = delivery_log.find(session, for_provider=provider, state=state, after=filters.cursor("after"))
    tabs = ("", "failed", "waiting", "sending", "sent", "kept")
    return render_template("console/notices.html", page=page, stops=stops, tabs=tabs)


def _page(session: Session, after: Cursor | None, *, provider: bool, state: str) -> Page:
    return delivery_log.find(session, for_provider=provider, state=state, after=after)


def _columns(*, provider: bool) -> exports.Columns:
    columns: exports.Columns = {
        gettext("时间"): lambda row: row.created_at,
        gettext("通知"): lambda row: word("notice", row.kind),
        gettext("工单"): lambda row: row.number,
        gettext("收件人"): lambda row: row.person,
        gettext("工号"): lambda row: row.staff_number,
        gettext("状态"): lambda row: word("notice_state", row.state),
        gettext("原因"): lambda row: word("notice_reason", row.reason) if row.reason else "",
        gettext("发出时间"): lambda row: row.settled_at,
    }
    if provider:
        del columns[gettext("工号")]
    return columns


def _of_ticket(number: str) -> str:
    provider = not g.visitor.supervises
    with read_session() as session:
        ticket = detail.facts(session, number).Ticket
        people_of_it = delivery_log.recipients(session, ticket, for_provider=provider)
        whom = [(person.name, _reach(session, person.id)) for person in people_of_it]
        return render_template(
            "console/deliveries.html",
            ticket=ticket,
            name=ticket.number,
            shown=delivery_log.of_ticket(session, ticket.id, for_provider=provider),
            unsaid=delivery_log.reasons_not_notified(session, ticket, for_provider=provider),
            whom=whom,
            stops=circuit_breaker.standing(session),
        )


def _of_person(staff_number: str) -> str:
    """For the hospital: the desk would learn a staff number, and of every notice somebody was sent."""
    if not g.visitor.supervises:
        abort(403)
    with read_session() as session:
        person = employment.by_staff_number(session, staff_number)
        if person is None:
            raise Missing("no_such_person")
        return render_template(
            "console/deliveries.html",
            person=person,
            name=person.name,
            shown=delivery_log.of_person(session, person.id),
            unsaid=[],
            whom=[(person.name, _reach(session, person.id))],
            stops=circuit_breaker.standing(session),
        )


def _reach(session: Session, person_id: int) -> list[Reach]:
    order = channels.channel_order(runtime().settings)
    return delivery_log.reachability(session, order, circuit_breaker.standing(session), person_id, at=now())
