"""Who does the work, settled among engineers: given back with a reason, handed over, helped; noted and corrected."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.models import Completion, CompletionHelper, Event, Ticket, TicketHelper, TicketNote
from app.models.ticket import DECLINE_REASONS
from app.services.tickets import progress
from tests.conftest import Console, Phone
from tests.support.console_forms import offers, send
from tests.support.scan_forms import Slip
from tests.support.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def colleague(world: World, phone: Phone) -> FlaskClient:
    return phone(world.bind(world.second_engineer))


def act(client: FlaskClient, ticket: Ticket, verb: str, **filled: str) -> TestResponse:
    return send(client, f"/engineer/{ticket.number}", f"/engineer/{ticket.number}/{verb}", **filled)


@pytest.mark.parametrize("reason", DECLINE_REASONS)
def test_what_is_given_back_is_reported_again_with_its_reason(
    reason: str, world: World, engineer: FlaskClient, console: Console, slip: Slip
) -> None:
    ticket = world.ticket("dispatched", helpers=(world.second_engineer,))
    assert act(engineer, ticket, "decline", reason=reason, note="在手术室走不开").headers["Location"] == "/engineer"
    held = slip.fresh(ticket)
    assert (held.state, held.lead_id, held.team_id) == ("reported", None, None)
    shown = console(world.desk).get(f"/console/tickets/{ticket.number}").text
    assert "退回派单" in shown
    assert "在手术室走不开" in shown
    assert offers(
        console(world.desk), f"/console/tickets/{ticket.number}", f"/console/tickets/{ticket.number}/dispatch"
    )


def test_without_a_reason_or_once_accepted_nothing_is_given_back(world: World, engineer: FlaskClient) -> None:
    assert act(engineer, world.ticket("dispatched"), "decline", reason="").status_code == 422
    page = engineer.get(f"/engineer/{world.ticket('accepted').number}").text
    assert "/decline" not in page


def test_to_the_user_nobody_has_it_again(world: World, engineer: FlaskClient) -> None:
    ticket = world.ticket("dispatched")
    act(engineer, ticket, "decline", reason="busy")
    with world.database.reading() as session:
        steps = progress.steps(session, ticket.id, cycle=1)
    assert [step.state for step in steps if step.at] == ["reported"]
    assert steps[0].at == ticket.reported_at


def test_a_ticket_is_handed_to_a_colleague_who_has_to_accept_it(
    world: World, engineer: FlaskClient, colleague: FlaskClient, slip: Slip
) -> None:
    ticket = world.ticket("arrived")
    act(engineer, ticket, "hand-over", colleague=str(world.second_engineer.id), note="已换硒鼓，等重启")
    held = slip.fresh(ticket)
    assert (held.state, held.lead_id) == ("dispatched", world.second_engineer.id)
    assert "已换硒鼓，等重启" in colleague.get(f"/engineer/{ticket.number}").text
    assert engineer.get(f"/engineer/{ticket.number}").status_code == 410
    for verb in ("accept", "finish"):
        act(colleague, ticket, verb)
    with world.database.reading() as session:
        assert session.scalar(select(Completion.lead_id)) == world.second_engineer.id


def test_only_to_an_engineer_of_the_same_provider(world: World, engineer: FlaskClient, slip: Slip) -> None:
    ticket = world.ticket("accepted")
    for nobody in (world.nurse, world.desk, world.engineer):
        assert act(engineer, ticket, "hand-over", colleague=str(nobody.id)).status_code == 409
    assert slip.fresh(ticket).lead_id == world.engineer.id


def test_a_whole_shift_is_handed_over_with_a_note(world: World, engineer: FlaskClient, slip: Slip) -> None:
    led = [world.ticket(state) for state in ("dispatched", "accepted", "arrived", "reopened")]
    done, others = world.ticket("finished"), world.ticket("accepted", lead=world.second_engineer)
    send(
        engineer,
        "/engineer/hand-over",
        "/engineer/hand-over",
        colleague=str(world.second_engineer.id),
        note="夜班请跟进",
    )
    assert {slip.fresh(one).lead_id for one in [*led, others]} == {world.second_engineer.id}
    assert slip.fresh(done).lead_id == world.engineer.id
    with world.database.reading() as session:
        noted = session.scalars(select(TicketNote.ticket_id).where(TicketNote.text == "夜班请跟进")).all()
    assert sorted(noted) == [one.id for one in led]


def test_a_called_helper_is_listed_and_the_rating_stays_the_lead_s(
    world: World, engineer: FlaskClient, colleague: FlaskClient
) -> None:
    ticket = world.ticket("arrived")
    for _ in range(2):
        act(engineer, ticket, "call-helper", helper=str(world.second_engineer.id))
    assert ticket.number in colleague.get("/engineer").text
    act(engineer, ticket, "finish")
    with world.database.reading() as session:
        done = session.scalars(select(Completion)).one()
        helped = session.scalars(select(CompletionHelper.person_id)).all()
        calls = session.scalars(select(Event.kind).where(Event.kind == "helper_called")).all()
    assert (done.lead_id, helped, len(calls)) == (world.engineer.id, [world.second_engineer.id], 1)


def test_the_engineer_pauses_with_a_reason_and_an_end(world: World, engineer: FlaskClient) -> None:
    ticket = world.ticket("accepted")
    assert act(engineer, ticket, "pause", reason="part", hours="5").status_code == 422
    act(engineer, ticket, "pause", reason="part", hours="24")
    assert "计时暂停中：等配件" in engineer.get(f"/engineer/{ticket.number}").text
    assert act(engineer, ticket, "resume").status_code == 303
    act(engineer, ticket, "pause", reason="user", hours="1")
    clock.run_ahead(timedelta(hours=1, minutes=1))
    assert "计时暂停中" not in engineer.get(f"/engineer/{ticket.number}").text


def test_a_helper_notes_but_does_nothing_else(world: World, engineer: FlaskClient, slip: Slip) -> None:
    ticket = world.ticket("accepted", lead=world.second_engineer, helpers=(world.engineer,))
    act(engineer, ticket, "note", note="网线也松了")
    page = engineer.get(f"/engineer/{ticket.number}").text
    assert "网线也松了" in page
    form = slip.token_in(page)
    for verb in ("pause", "resume", "decline", "hand-over", "call-helper", "correct"):
        assert engineer.post(f"/engineer/{ticket.number}/{verb}", data={"visit": form}).status_code == 403


def test_he_corrects_place_and_asset_and_before_he_begins_the_rest(
    world: World, engineer: FlaskClient, slip: Slip
) -> None:
    ticket, begun = world.ticket("dispatched"), world.ticket("accepted")
    for one, code in ((ticket, 303), (begun, 403)):
        form = slip.token_in(engineer.get(f"/engineer/{one.number}/correct").text)
        changed = {"visit": form, "priority": "1", "category": str(world.network.id)}
        assert engineer.post(f"/engineer/{one.number}/correct", data=changed).status_code == code
    assert (slip.fresh(ticket).priority, slip.fresh(begun).priority) == (1, 3)
    assert 'name="priority"' not in engineer.get(f"/engineer/{begun.number}/correct").text


def test_who_comes_second_is_told_who_was_first(
    world: World, engineer: FlaskClient, colleague: FlaskClient, slip: Slip
) -> None:
    """Two forms of the same ticket, opened before either was sent."""
    ticket = world.ticket("dispatched")
    form = slip.token_in(engineer.get(f"/engineer/{ticket.number}").text)
    world.move(ticket, "dispatch", lead=world.second_engineer)
    late = engineer.post(f"/engineer/{ticket.number}/decline", data={"visit": form, "reason": "busy"})
    assert late.status_code == 403
    assert "派单</strong> → 孙磊" in late.text
    assert slip.fresh(ticket).lead_id == world.second_engineer.id


def test_a_pause_that_races_a_finish_leaves_it_finished(world: World, engineer: FlaskClient, slip: Slip) -> None:
    ticket = world.ticket("arrived")
    form = slip.token_in(engineer.get(f"/engineer/{ticket.number}").text)
    for _ in range(2):
        assert engineer.post(f"/engineer/{ticket.number}/finish", data={"visit": form}).status_code == 303
    late = engineer.post(f"/engineer/{ticket.number}/pause", data={"visit": form, "reason": "part", "hours": "4"})
    assert late.status_code == 409
    assert "完成</strong>" in late.text
    with world.database.reading() as session:
        kinds = session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id)).all()
        assert session.scalars(select(TicketHelper.person_id)).all() == []
    assert (kinds.count("finished"), kinds.count("paused")) == (1, 0)
