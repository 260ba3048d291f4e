"""The engineer's pages: their tickets and nobody else's, one next step, the code to show, never a rating."""

import re
from base64 import b64decode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.models import RatingDetail
from app.services.ratings import praise
from tests.conftest import Phone
from tests.qr.test_symbol import drawn, read
from tests.support.minutes import begin_a_minute
from tests.support.scan_forms import Slip
from tests.support.world import World


def test_his_list_has_his_open_tickets_and_what_he_finished(world: World, phone: Phone) -> None:
    leading = [world.ticket(state) for state in ("dispatched", "arrived", "reopened", "finished", "closed")]
    helping = world.ticket("accepted", lead=world.second_engineer, helpers=(world.engineer,))
    others = [world.ticket("reported"), world.ticket("accepted", lead=world.second_engineer), world.ticket("cancelled")]
    page = phone(world.engineer_identity).get("/engineer").text
    assert [ticket.number in page for ticket in [*leading, helping]] == [True] * 6
    assert [ticket.number in page for ticket in others] == [False] * 3


def test_none_of_many_open_tickets_is_missing(world: World, phone: Phone) -> None:
    numbers = {world.ticket("dispatched").number for _ in range(21)}
    engineer = phone(world.engineer_identity)
    for page in ("/engineer", "/engineer/today"):
        shown = engineer.get(page).text
        assert {number for number in numbers if number not in shown} == set()


def test_a_ticket_of_somebody_else_is_not_found(world: World, phone: Phone) -> None:
    ticket = world.ticket("dispatched", lead=world.second_engineer)
    engineer = phone(world.engineer_identity)
    for page in ("", "/code", "/code/opened"):
        assert engineer.get(f"/engineer/{ticket.number}{page}").status_code == 404
    assert engineer.get("/engineer/no-such-number").status_code == 404
    assert engineer.get("/engineer/%00").status_code == 400


def test_he_reads_approved_praise_and_no_other(slip: Slip, world: World, phone: Phone) -> None:
    ticket, nurse, engineer = world.ticket("finished"), phone(world.nurse_identity), phone(world.engineer_identity)
    slip.rate(nurse, ticket, 5)
    told = {"visit": slip.form(nurse, ticket), "comment": "来得真快，谢谢", "praise": "1"}
    nurse.post(slip.path(ticket) + "/detail", data=told)
    assert "来得真快" not in engineer.get("/engineer").text
    with world.database.transaction() as session:
        rating_id = session.scalars(select(RatingDetail.rating_id)).one()
        praise.decide(session, rating_id, approve=True, by=world.supervisor.id, at=clock.now(), channel="console")
    assert "来得真快，谢谢" in engineer.get("/engineer").text
    assert "来得真快" not in phone(world.bind(world.second_engineer)).get("/engineer").text


def test_from_the_notice_to_the_code(slip: Slip, world: World, phone: Phone) -> None:
    ticket, engineer = world.ticket("dispatched"), phone(world.engineer_identity)
    for act, state in (("accept", "accepted"), ("arrive", "arrived"), ("finish", "finished")):
        answer = tap(engineer, slip, ticket.number, act)
        assert (answer.status_code, slip.fresh(ticket).state) == (303, state)
    assert answer.headers["Location"] == f"/engineer/{ticket.number}/code"
    assert engineer.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(("state", "act"), [("dispatched", "accept"), ("accepted", "finish")])
def test_a_second_tap_is_harmless(slip: Slip, world: World, phone: Phone, state: str, act: str) -> None:
    ticket, engineer = world.ticket(state), phone(world.engineer_identity)
    form = slip.token_in(engineer.get(f"/engineer/{ticket.number}").text)
    events = []
    for _ in range(2):
        assert engineer.post(f"/engineer/{ticket.number}/{act}", data={"visit": form}).status_code == 303
        events.append(slip.rows()["event"])
    assert events[0] == events[1]


def test_a_step_that_does_not_fit_is_refused_in_words(slip: Slip, world: World, phone: Phone) -> None:
    ticket, engineer = world.ticket("dispatched"), phone(world.engineer_identity)
    for act in ("finish", "arrive", "close", "no-such-act"):
        answer = tap(engineer, slip, ticket.number, act)
        assert answer.status_code == 409
        assert "不能这样操作" in answer.text
    assert slip.fresh(ticket).state == "dispatched"


def test_a_step_without_the_form_of_this_visit_is_refused(slip: Slip, world: World, phone: Phone) -> None:
    mine, other = world.ticket("dispatched"), world.ticket("dispatched")
    engineer = phone(world.engineer_identity)
    form = slip.token_in(engineer.get(f"/engineer/{other.number}").text)
    for data in ({}, {"visit": "x"}, {"visit": form}):
        assert engineer.post(f"/engineer/{mine.number}/accept", data=data).status_code == 403
    assert engineer.get(f"/engineer/{mine.number}/accept").status_code == 404
    assert slip.fresh(mine).state == "dispatched"


def test_a_helper_sees_the_ticket_but_no_step(world: World, phone: Phone) -> None:
    ticket = world.ticket("accepted", lead=world.second_engineer, helpers=(world.engineer,))
    page = phone(world.engineer_identity).get(f"/engineer/{ticket.number}").text
    assert ticket.number in page
    assert "/finish" not in page


def test_the_code_can_be_read_and_leads_to_the_ticket(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    page = phone(world.engineer_identity).get(f"/engineer/{ticket.number}/code").text
    (svg,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert read(drawn(b64decode(svg))) == [slip.runtime.links.ticket_url(ticket.id)]


def test_a_ticket_that_served_nobody_ends_on_itself_not_on_a_code(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("accepted", source="monitoring")
    answer = tap(phone(world.engineer_identity), slip, ticket.number, "finish")
    assert answer.headers["Location"] == f"/engineer/{ticket.number}"


def test_no_page_of_his_changes_when_somebody_rates(slip: Slip, world: World, phone: Phone) -> None:
    begin_a_minute()
    ticket, engineer = world.ticket("finished"), phone(world.engineer_identity)
    pages = [
        f"/engineer{path}" for path in ("", *(f"/{ticket.number}{page}" for page in ("", "/code", "/code/opened")))
    ]
    before = [slip.words(engineer.get(page).text) for page in pages]
    slip.rate(phone(world.nurse_identity), ticket, 1)
    assert [slip.words(engineer.get(page).text) for page in pages] == before


def test_others_do_not_get_in(world: World, phone: Phone, client: FlaskClient) -> None:
    assert phone(world.nurse_identity).get("/engineer").status_code == 403
    assert phone(world.supervisor_identity).get("/engineer").status_code == 403
    assert "请用微信打开" in client.get("/engineer").text
    assert phone(world.stranger_identity).get("/engineer").headers["Location"] == "/my/bind?next=/engineer"
    assert phone(world.stranger_identity).post("/engineer/1/accept").status_code == 401


def tap(engineer: FlaskClient, slip: Slip, number: str, act: str) -> TestResponse:
    form = slip.token_in(engineer.get(f"/engineer/{number}").text)
    return engineer.post(f"/engineer/{number}/{act}", data={"visit": form})
