"""Complaints: read and answered by the hospital, never seen by the provider."""

import pytest
from sqlalchemy import select

from app import clock
from app.models import Complaint, Notice, Ticket
from app.runtime import Runtime
from app.services.cases import complaints
from app.services.tickets import lifecycle
from tests.conftest import Console, Phone
from tests.support.console_forms import offers, send
from tests.support.world import World

WORDS = "工程师态度不好"


@pytest.fixture
def complaint(world: World) -> Complaint:
    return complain(world, world.ticket("finished"))


def test_the_supervisor_answers_and_the_complainant_is_told(
    world: World, console: Console, complaint: Complaint
) -> None:
    supervisor, page = console(world.supervisor), f"/console/complaints/{complaint.id}"
    assert WORDS in supervisor.get("/console/complaints").text
    assert WORDS in supervisor.get(page).text
    answer = send(supervisor, page, page, answer=" 已向班组长核实 ")
    assert answer.status_code == 303
    assert "已向班组长核实" in supervisor.get(page).text
    assert not offers(supervisor, page, page)
    with world.database.reading() as session:
        kept = session.get_one(Complaint, complaint.id)
        notice = session.scalars(select(Notice).where(Notice.kind == "complaint_answered")).one()
    assert (kept.state, kept.answer, kept.answered_by_id) == ("answered", "已向班组长核实", world.supervisor.id)
    assert (notice.person_id, notice.ticket_id) == (world.nurse.id, complaint.ticket_id)


def test_a_second_answer_changes_nothing(world: World, console: Console, complaint: Complaint) -> None:
    supervisor, page = console(world.supervisor), f"/console/complaints/{complaint.id}"
    shown = supervisor.get(page).text
    assert send(supervisor, page, page, answer="一").status_code == 303
    token = shown.split('name="csrf_token" value="')[-1].split('"')[0]
    assert supervisor.post(page, data={"csrf_token": token, "answer": "二"}).status_code == 409
    with world.database.reading() as session:
        assert session.get_one(Complaint, complaint.id).answer == "一"


@pytest.mark.parametrize("words", ["", "  ", "长" * 1001])
def test_an_answer_that_is_none_is_refused_and_what_was_typed_stays(
    world: World, console: Console, complaint: Complaint, words: str
) -> None:
    page = f"/console/complaints/{complaint.id}"
    answer = send(console(world.admin), page, page, answer=words)
    assert answer.status_code == 422
    assert "最多 1000 个字" in answer.text
    assert words.strip() in answer.text


def test_the_provider_sees_no_trace_of_it(world: World, console: Console, complaint: Complaint) -> None:
    desk = console(world.desk)
    assert desk.get("/console/complaints").status_code == 403
    assert desk.get(f"/console/complaints/{complaint.id}").status_code == 403
    with world.database.reading() as session:
        number = session.get_one(Ticket, complaint.ticket_id).number
    for page in ("/console", "/console/tickets", f"/console/tickets/{number}"):
        assert "投诉" not in desk.get(page).text
        assert WORDS not in desk.get(page).text
    assert "投诉" in console(world.supervisor).get(f"/console/tickets/{number}").text


def test_an_auditor_reads_and_does_not_answer(world: World, console: Console, complaint: Complaint) -> None:
    auditor, page = console(world.auditor), f"/console/complaints/{complaint.id}"
    assert WORDS in auditor.get(page).text
    assert not offers(auditor, page, page)


def test_the_list_is_asked_for_what_is_open(world: World, console: Console, complaint: Complaint) -> None:
    supervisor = console(world.supervisor)
    assert WORDS in supervisor.get("/console/complaints?state=open").text
    assert WORDS not in supervisor.get("/console/complaints?state=answered").text
    assert supervisor.get("/console/complaints?state=else").status_code == 400
    assert supervisor.get("/console/complaints/999999").status_code == 404


def test_who_complained_reads_the_answer_behind_the_slips_code_and_nobody_else_does(
    world: World, phone: Phone, runtime: Runtime, complaint: Complaint
) -> None:
    with world.database.transaction() as session:
        at = clock.now()
        complaints.answer(session, complaint.id, "已核实", by=world.supervisor.id, at=at, channel="console")
    world.move(world_ticket(world, complaint), "reopen")
    path = runtime.links.ticket_path(complaint.ticket_id)
    page = phone(world.nurse_identity).get(path).text
    assert WORDS in page
    assert "已核实" in page
    for identity in (world.engineer_identity, world.stranger_identity, world.supervisor_identity):
        other = phone(identity).get(path).text
        assert WORDS not in other
        assert "已核实" not in other


def complain(world: World, ticket: Ticket) -> Complaint:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        return complaints.complain(session, held, WORDS, by=world.nurse.id, at=clock.now(), channel="mini")


def world_ticket(world: World, complaint: Complaint) -> Ticket:
    with world.database.reading() as session:
        return session.get_one(Ticket, complaint.ticket_id)
