"""Two providers on one fault: two tickets that know of each other, each with its own clock and rating."""

import pytest
from sqlalchemy import select

from app.models import Event, Ticket
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def linked(world: World) -> list[tuple[int | None, object]]:
    with world.database.reading() as session:
        found = session.scalars(select(Event).where(Event.kind == "linked").order_by(Event.id))
        return [(event.ticket_id, (event.data or {})["linked"]) for event in found]


def test_two_tickets_are_linked_once_and_each_page_leads_to_the_other(world: World, console: Console) -> None:
    first, second = world.ticket("accepted"), world.ticket("reported")
    desk, page = console(world.desk), f"/console/tickets/{first.number}"
    assert send(desk, page, f"{page}/link", other=second.number.lower()).status_code == 303
    assert linked(world) == [(first.id, second.number), (second.id, first.number)]
    for one, other in ((first, second), (second, first)):
        text = desk.get(f"/console/tickets/{one.number}").text
        assert "同一故障" in text
        assert f'href="/console/tickets/{other.number}"' in text
    again = send(desk, page, f"{page}/link", other=second.number)
    assert (again.status_code, "已经和工单" in again.text) == (409, True)
    assert len(linked(world)) == 2


@pytest.mark.parametrize("other", ["nobody's", "self"])
def test_what_is_no_other_ticket_is_not_linked(other: str, world: World, console: Console) -> None:
    ticket = world.ticket("reported")
    page = f"/console/tickets/{ticket.number}"
    answer = send(console(world.desk), page, f"{page}/link", other=ticket.number if other == "self" else other)
    assert (answer.status_code, "没有找到工单" in answer.text) == (404, True)
    assert linked(world) == []


def test_the_second_ticket_begins_with_what_the_first_one_knows(world: World, console: Console) -> None:
    first = world.ticket("accepted", description="打印机连不上网络")
    supervisor = console(world.supervisor)
    form = f"/console/tickets/new?of={first.number}"
    assert "打印机连不上网络" in supervisor.get(form).text
    typed = {
        "source": "desk",
        "requester": world.nurse.staff_number,
        "served": "requester",
        "category": str(world.printers.id),
        "priority": "3",
        "description": "网络侧检查",
        "of": first.number,
    }
    assert send(supervisor, form, "/console/tickets/new", **typed).status_code == 303
    with world.database.reading() as session:
        second = session.scalars(select(Ticket).order_by(Ticket.id.desc())).first()
    assert second is not None
    assert second.served_person_id == first.served_person_id
    assert linked(world) == [(first.id, second.number), (second.id, first.number)]
    assert supervisor.get("/console/tickets/new?of=19990101-0001").status_code == 404


def test_the_provider_s_desk_is_told_nobody_s_number_by_a_link(world: World, console: Console) -> None:
    first = world.ticket("accepted")
    desk = console(world.desk)
    assert world.nurse.staff_number not in desk.get(f"/console/tickets/new?of={first.number}").text
    assert not offers(
        console(world.auditor), f"/console/tickets/{first.number}", f"/console/tickets/{first.number}/link"
    )
