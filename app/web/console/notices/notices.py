"""Every notice: sent, waiting, or why not; and for one ticket or person, the way of each."""

from collections.abc import Sequence
from functools import partial

from flask import Response, abort, g, render_template
from sqlalchemy.orm import Session

from app.errors import Missing
from app.http.context import now, read_session, runtime
from app.http.i18n import gettext
from app.http.words import word
from app.models.notice import NOTICE_STATES
from app.services.notices import channels, circuit_breaker, delivery_log
from app.services.notices.delivery_log import Delivery, Reach
from app.services.organisation import employment
from app.services.tickets import detail
from app.web.console import exports, filters
from app.web.console.overview import blueprint

UNSENT = ("waiting", "sending")  # what has a next try


@blueprint.get("/console/notices")
def notice_index() -> str | Response:
    if number := filters.text("ticket"):
        return _of_ticket(number)
    if staff_number := filters.text("person"):
        return _of_person(staff_number)
    state, order = filters.code("state", NOTICE_STATES), filters.code("order", delivery_log.ORDERS)
    if state not in UNSENT and order == "next":
        order = ""
    provider = not g.visitor.supervises
    find = partial(delivery_log.find, for_provider=provider, state=state, order=order)
    if exports.requested():
        return exports.export("notices", _columns(provider=provider), lambda session, after: find(session, after=after))
    with read_session() as session:
        stops = circuit_breaker.standing(session)
        page = find(session, after=filters.cursor("after"))
    tabs = ("", "failed", "waiting", "sending", "sent", "kept")
    shown = {"page": page, "stops": stops, "tabs": tabs, "order": order, "unsent": state in UNSENT}
    return render_template("console/notices.html", **shown)


def _columns(*, provider: bool) -> exports.Columns:
    columns: exports.Columns = {
        gettext("时间"): lambda row: row.created_at,
        gettext("通知"): lambda row: word("notice", row.kind),
        gettext("工单"): lambda row: row.number,
        gettext("收件人"): lambda row: row.person,
        gettext("工号"): lambda row: row.staff_number,
        gettext("状态"): lambda row: word("notice_state", row.state),
        gettext("原因"): lambda row: _why(row.reason, row.outcome),
        gettext("说明"): lambda row: row.detail,
        gettext("次数"): lambda row: row.attempts,
        gettext("发出时间"): lambda row: row.settled_at,
        gettext("下次再试"): lambda row: None if row.settled_at else row.next_try_at,
    }
    return _without_numbers(columns) if provider else columns


def _without_numbers(columns: exports.Columns) -> exports.Columns:
    return {name: read for name, read in columns.items() if name != gettext("工号")}


def _why(reason: str, outcome: str | None) -> str:
    return word("notice_reason", reason) if reason else word("notice_outcome", outcome) if outcome else ""


def _ways(shown: Sequence[Delivery], *, provider: bool) -> Response:
    """A line for each attempt, or one for a notice that nobody has tried yet."""
    lines = [(one, attempt) for one in shown for attempt in one.tries or (None,)]
    columns: exports.Columns = {
        gettext("时间"): lambda line: line[0].notice.created_at,
        gettext("通知"): lambda line: word("notice", line[0].notice.kind),
        gettext("工单"): lambda line: line[0].number,
        gettext("收件人"): lambda line: line[0].person,
        gettext("工号"): lambda line: line[0].staff_number,
        gettext("状态"): lambda line: word("notice_state", line[0].notice.state),
        gettext("原因"): lambda line: _why(line[0].trouble, line[0].notice.outcome),
        gettext("本人已看"): lambda line: line[0].notice.opened_at,
        gettext("下次再试"): lambda line: line[0].notice.next_try_at if line[0].waiting else None,
        gettext("渠道"): lambda line: line[1] and word("notice_channel", line[1].channel),
        gettext("尝试的时间"): lambda line: line[1] and line[1].at,
        gettext("尝试的结果"): lambda line: line[1] and word("notice_try", line[1].outcome),
        gettext("没有送到的原因"): lambda line: line[1] and _why(line[1].reason, None),
        gettext("说明"): lambda line: line[1] and line[1].detail,
    }
    kept = _without_numbers(columns) if provider else columns
    return exports.export("deliveries", kept, lambda _session, _after: exports.Whole(lines))


def _of_ticket(number: str) -> str | Response:
    provider = not g.visitor.supervises
    with read_session() as session:
        ticket = detail.facts(session, number).Ticket
        shown = delivery_log.of_ticket(session, ticket.id, for_provider=provider)
        if exports.requested():
            return _ways(shown, provider=provider)
        people_of_it = delivery_log.recipients(session, ticket, for_provider=provider)
        whom = [(person.name, _reach(session, person.id)) for person in people_of_it]
        return render_template(
            "console/deliveries.html",
            ticket=ticket,
            name=ticket.number,
            shown=shown,
            unsaid=delivery_log.reasons_not_notified(session, ticket, for_provider=provider),
            whom=whom,
            stops=circuit_breaker.standing(session),
        )


def _of_person(staff_number: str) -> str | Response:
    """For the hospital: the desk would learn a staff number, and of every notice somebody was sent."""
    if not g.visitor.supervises:
        abort(403)
    with read_session() as session:
        person = employment.by_staff_number(session, staff_number)
        if person is None:
            raise Missing("no_such_person")
        shown = delivery_log.of_person(session, person.id)
        if exports.requested():
            return _ways(shown, provider=False)
        return render_template(
            "console/deliveries.html",
            person=person,
            name=person.name,
            shown=shown,
            unsaid=[],
            whom=[(person.name, _reach(session, person.id))],
            stops=circuit_breaker.standing(session),
        )


def _reach(session: Session, person_id: int) -> list[Reach]:
    order = channels.channel_order(runtime().settings)
    return delivery_log.reachability(session, order, circuit_breaker.standing(session), person_id, at=now())
