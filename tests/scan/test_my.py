"""`/my`, `/my/bind` and `/report`: the user's own pages."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.models import Ticket, WeChatIdentity
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.world import World


def test_her_own_tickets_and_nobody_elses(slip: Slip, world: World, phone: Phone) -> None:
    hers, other = world.ticket("arrived"), world.ticket("arrived", served=world.second_nurse)
    page = phone(world.nurse_identity).get("/my").text
    assert slip.path(hers) in page
    assert other.number not in page


def test_a_report_becomes_a_ticket_of_hers(slip: Slip, world: World, phone: Phone) -> None:
    nurse = phone(world.nurse_identity)
    answer = report(slip, nurse, " 护士站打印机不出纸 ", str(world.printers.id))
    ticket = only(world)
    assert answer.headers["Location"] == slip.path(ticket)
    assert (ticket.description, ticket.category_id) == ("护士站打印机不出纸", world.printers.id)
    assert (ticket.source, ticket.state, ticket.rateable) == ("wechat", "reported", True)
    assert (ticket.requester_id, ticket.served_person_id) == (world.nurse.id, world.nurse.id)
    assert ticket.department_id == world.ward.id
    assert "工单进度" in nurse.get(answer.headers["Location"]).text


@pytest.mark.parametrize("description", ["", "   ", "长" * 501])
def test_a_description_that_is_none_or_too_long_is_refused_and_kept(
    slip: Slip, world: World, phone: Phone, description: str
) -> None:
    answer = report(slip, phone(world.nurse_identity), description, "")
    assert answer.status_code == 422
    assert "最多 500 字" in answer.text
    assert description.strip() in answer.text
    assert tickets(world) == []


@pytest.mark.parametrize("category", ["", "999999", "9" * 18, "9" * 40, "-1", "abc", "１"])
def test_a_category_that_does_not_exist_is_left_open(slip: Slip, world: World, phone: Phone, category: str) -> None:
    assert report(slip, phone(world.nurse_identity), "坏了", category).status_code == 303
    assert only(world).category_id is None


def test_a_second_tap_makes_no_second_ticket(slip: Slip, world: World, phone: Phone) -> None:
    nurse = phone(world.nurse_identity)
    first, second, other = (report(slip, nurse, words, "") for words in ("坏了", "坏了", "又坏了"))
    assert first.headers["Location"] == second.headers["Location"] != other.headers["Location"]
    assert [ticket.description for ticket in tickets(world)] == ["坏了", "又坏了"]


def test_a_nul_is_refused_not_stumbled_over(slip: Slip, world: World, phone: Phone) -> None:
    nurse, stranger = phone(world.nurse_identity), phone(world.stranger_identity)
    assert report(slip, nurse, "坏\0了", "").status_code == 400
    form = slip.token_in(stranger.get("/my/bind").text)
    told = {"visit": form, "staff_number": "00106\0", "name": "李伟", "last_four": "0106"}
    assert stranger.post("/my/bind", data=told).status_code == 400
    assert tickets(world) == []


def test_who_is_not_bound_is_sent_to_bind_and_comes_back(slip: Slip, world: World, phone: Phone) -> None:
    stranger = phone(world.stranger_identity)
    sent = stranger.get("/report").headers["Location"]
    assert sent == "/my/bind?next=/report"
    form = slip.token_in(stranger.get(sent).text)
    told = {"visit": form, "next": "/report", "staff_number": "00106", "name": "李伟", "last_four": "0106"}
    assert stranger.post("/my/bind", data=told).status_code == 202
    assert stranger.get("/report").headers["Location"] == sent
    assert "申请收到了" in stranger.get(sent).text
    world.approve_claims()
    assert stranger.get(sent).headers["Location"] == "/report"
    assert stranger.get("/report").status_code == 200
    assert stranger.get("/my/bind?next=//evil.example").headers["Location"] == "/"


def test_a_wrong_triple_gets_the_same_words_whatever_was_wrong(slip: Slip, world: World, phone: Phone) -> None:
    stranger = phone(world.stranger_identity)
    pages = set()
    for number, name, digits in (("00107", "李伟", "0106"), ("00106", "李大", "0106"), ("00106", "李伟", "0000")):
        answer = bind(slip, stranger, number, name, digits)
        assert answer.status_code == 422
        assert f'value="{number}"' in answer.text  # what was typed stays, save the digits
        pages.add(slip.words(answer.text).replace(number, "").replace(name, ""))
    assert len(pages) == 1
    assert "三项与医院花名册对不上" in pages.pop()
    for _ in range(2):
        bind(slip, stranger, "00106", "李伟", "0000")
    answer = bind(slip, stranger, "00106", "李伟", "0106")
    assert answer.status_code == 429
    assert "明天再试" in answer.text


def test_a_number_that_is_taken_waits_for_the_supervisor(slip: Slip, world: World, phone: Phone) -> None:
    answer = bind(slip, phone(world.stranger_identity), "00017", "王丽", "0017")
    assert answer.status_code == 202
    assert "信息科核实" in answer.text


@pytest.mark.parametrize("path", ["/my", "/my/bind?next=/report", "/my/bind"])
def test_nothing_is_asked_before_the_privacy_notice_was_seen(slip: Slip, world: World, phone: Phone, path: str) -> None:
    slip.forget_privacy(world.stranger_identity)
    stranger = phone(world.stranger_identity)
    page = stranger.get(path).text
    assert "使用前请看" in page
    assert f'name="next" value="{path}"' in page
    stranger.post("/privacy", data={"visit": slip.token_in(page), "next": path})
    assert "使用前请看" not in stranger.get(path).text
    with world.database.reading() as session:
        kept = session.get_one(WeChatIdentity, world.stranger_identity.id)
    assert kept.privacy_version
    assert kept.privacy_at


def test_without_the_form_of_this_visit_nothing_happens(world: World, phone: Phone) -> None:
    nurse, stranger = phone(world.nurse_identity), phone(world.stranger_identity)
    assert nurse.post("/report", data={"description": "坏了"}).status_code == 403
    assert stranger.post("/my/bind", data={"staff_number": "00106"}).status_code == 403
    assert stranger.post("/privacy", data={}).status_code == 403
    assert tickets(world) == []


def report(slip: Slip, client: FlaskClient, description: str, category: str) -> TestResponse:
    form = slip.token_in(client.get("/report").text)
    return client.post("/report", data={"visit": form, "description": description, "category": category})


def bind(slip: Slip, client: FlaskClient, number: str, name: str, digits: str) -> TestResponse:
    told = {"staff_number": number, "name": name, "last_four": digits}
    return client.post("/my/bind", data={"visit": slip.token_in(client.get("/my/bind").text), **told})


def tickets(world: World) -> list[Ticket]:
    with world.database.reading() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def only(world: World) -> Ticket:
    (ticket,) = tickets(world)
    return ticket
