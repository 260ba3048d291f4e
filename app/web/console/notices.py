"""Every notice: sent, waiting, or why not; and for one ticket or person, the way of each."""

from flask import abort, g, render_template
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models.notice import NOTICE_STATES
from app.services import channel_stops, channels, deliveries, notice_list, people, ticket_page
from app.services.deliveries import Reach
from app.web.console import asked
from app.web.console.blueprint import blueprint
from app.web.edge import moment, reading, runtime


@blueprint.get("/console/notices")
def notice_index() -> str:
    if number := asked.text("ticket"):
        return _of_ticket(number)
    if staff_number := asked.text("person"):
        return _of_person(staff_number)
    state = asked.code("state", NOTICE_STATES)
    with reading() as session:
        stops = channel_stops.standing(session)
        provider = not g.visitor.supervises
        page = notice_list.find(session, for_provider=provider, state=state, after=asked.row_id("after"))
    tabs = ("", "failed", "waiting", "sending", "sent", "kept")
    return render_template("console/notices.html", page=page, stops=stops, tabs=tabs)


def _of_ticket(number: str) -> str:
    provider = not g.visitor.supervises
    with reading() as session:
        ticket = ticket_page.facts(session, number).Ticket
        people_of_it = deliveries.concerned(session, ticket, for_provider=provider)
        whom = [(person.name, _reach(session, person.id)) for person in people_of_it]
        return render_template(
            "console/deliveries.html",
            ticket=ticket,
            shown=deliveries.of_ticket(session, ticket.id, for_provider=provider),
            unsaid=deliveries.unsaid(session, ticket, for_provider=provider),
            whom=whom,
            stops=channel_stops.standing(session),
        )


def _of_person(staff_number: str) -> str:
    """For the hospital: the desk would learn a staff number, and of every notice somebody was sent."""
    if not g.visitor.supervises:
        abort(403)
    with reading() as session:
        person = people.by_staff_number(session, staff_number)
        if person is None:
            raise Missing("no_such_person")
        return render_template(
            "console/deliveries.html",
            person=person,
            shown=deliveries.of_person(session, person.id),
            unsaid=[],
            whom=[(person.name, _reach(session, person.id))],
            stops=channel_stops.standing(session),
        )


def _reach(session: Session, person_id: int) -> list[Reach]:
    ladder = channels.ladder(runtime().settings)
    return deliveries.reach(session, ladder, channel_stops.standing(session), person_id, at=moment())
