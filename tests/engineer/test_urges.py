"""An urge stands until it is answered; who answered and when is the user's to read; half an hour, then it is told."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from app import clock
from app.models import Event, Ticket
from app.runtime import Runtime
from app.services.tickets import lifecycle, urges
from app.web.console import board
from tests.conftest import Console, Phone
from tests.support.console_forms import send
from tests.support.pictures import photo
from tests.support.scan_forms import Slip
from tests.support.told import Told
from tests.support.world import World


def urge(world: World, ticket: Ticket, *, ago: timedelta = timedelta(), known: bool = True) -> None:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        by = world.nurse.id if known else None
        lifecycle.urge(session, held, by=by, at=clock.now() - ago, channel="scan")


def stands(world: World, ticket: Ticket) -> bool:
    with world.database.reading() as session:
        return ticket.id in urges.standing(session, tickets=[ticket.id])


@pytest.mark.parametrize(
    ("state", "verb", "answers"),
    [("dispatched", "dispatch", False), ("dispatched", "accept", True), ("accepted", "arrive", True)],
)
def test_what_the_user_can_see_answers_an_urge_and_a_new_dispatch_does_not(
    state: str, verb: str, answers: bool, world: World
) -> None:
    ticket = world.ticket(state)
    urge(world, ticket, ago=timedelta(minutes=1))
    assert stands(world, ticket)
    world.move(ticket, verb)
    assert stands(world, ticket) is not answers


def test_it_stands_on_the_ticket_the_lists_and_the_board_until_the_engineer_answers(
    world: World, phone: Phone, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "LOOK_SECONDS", 1e-9)  # else a look is shared for half a second
    ticket = world.ticket("accepted")
    urge(world, ticket)
    engineer, desk = phone(world.engineer_identity), console(world.desk)
    page = f"/engineer/{ticket.number}"
    pages = [(engineer, page), (engineer, "/engineer"), (desk, "/console/tickets"), (desk, "/console/board")]
    pages.append((desk, f"/console/tickets/{ticket.number}"))
    assert ["催单待答复" in one.get(path).text for one, path in pages] == [True] * 5
    send(engineer, page, f"{page}/answer", answer="coming")
    assert ["催单待答复" in one.get(path).text for one, path in pages] == [False] * 5


def test_the_user_reads_who_answered_and_when_and_is_told(world: World, phone: Phone, slip: Slip, told: Told) -> None:
    ticket = world.ticket("accepted")
    urge(world, ticket)
    engineer, page = phone(world.engineer_identity), f"/engineer/{ticket.number}"
    waits = phone(world.nurse_identity).get(slip.path(ticket)).text
    assert "已催过，赵强最晚" in waits
    send(engineer, page, f"{page}/answer", answer="waiting")
    assert "已催过，赵强最晚" not in phone(world.nurse_identity).get(slip.path(ticket)).text
    shown = phone(world.nurse_identity).get(slip.path(ticket)).text
    assert "赵强" in shown
    assert "在等配件或厂商，已记录" in shown
    assert told.of("urge_answered") == [("urge_answered", "王丽")]


def test_the_desk_answers_too_and_the_second_answer_is_refused(world: World, console: Console) -> None:
    ticket = world.ticket("reported")
    urge(world, ticket)
    desk, page = console(world.desk), f"/console/tickets/{ticket.number}"
    late = desk.get(page).text
    assert send(desk, page, f"{page}/answer", answer="arranging").status_code == 303
    assert not stands(world, ticket)
    token = late.split('name="csrf_token" value="')[1].split('"')[0]
    assert desk.post(f"{page}/answer", data={"csrf_token": token, "answer": "coming"}).status_code == 409


def test_an_answer_needs_its_words(world: World, phone: Phone) -> None:
    ticket = world.ticket("accepted")
    urge(world, ticket)
    page = f"/engineer/{ticket.number}"
    assert send(phone(world.engineer_identity), page, f"{page}/answer", answer="").status_code == 422
    assert stands(world, ticket)


@pytest.mark.parametrize(
    ("minutes", "known", "escalated"),
    [(29, True, []), (31, True, [("case_opened", "吴芳")]), (31, False, [("urge_unanswered", "吴芳")])],
)
def test_what_nobody_answers_for_half_an_hour_is_told_to_the_hospital_once(
    minutes: int, known: bool, escalated: list[tuple[str, str]], world: World, told: Told
) -> None:
    """Of who is known a case is opened; of others there is a notice."""
    ticket = world.ticket("accepted")
    urge(world, ticket, ago=timedelta(minutes=minutes), known=known)
    for _ in range(2):
        told.look()
    assert told.of("urge_unanswered", "case_opened") == escalated
    with world.database.reading() as session:
        found = session.scalars(select(Event).where(Event.kind == "urge_escalated")).all()
    assert len(found) == len(escalated)
    assert all(event.recorded_at > event.at for event in found)


def test_the_progress_page_says_it_was_received_in_her_words_who_comes_and_by_when(
    world: World, phone: Phone, slip: Slip
) -> None:
    ticket = world.ticket("accepted", description="三床旁的打印机卡纸")
    hers, another = phone(world.nurse_identity), phone(world.bind(world.second_nurse))
    shown = hers.get(slip.path(ticket)).text
    assert "已收到" in shown
    assert "三床旁的打印机卡纸" in shown
    assert "赵强" in shown
    assert "驻场工程师" in shown
    assert "最晚" in shown
    assert "三床旁的打印机卡纸" not in another.get(slip.path(ticket)).text


def test_and_what_it_waits_for(world: World, phone: Phone, slip: Slip) -> None:
    ticket = world.ticket("accepted")
    page = f"/engineer/{ticket.number}"
    send(phone(world.engineer_identity), page, f"{page}/pause", reason="part", hours="24")
    assert "等配件" in phone(world.nurse_identity).get(slip.path(ticket)).text


def test_a_photo_is_shown_to_users_where_its_person_consented_until_they_take_it_back(
    world: World, phone: Phone, slip: Slip
) -> None:
    ticket, engineer, nurse = world.ticket("accepted"), phone(world.engineer_identity), phone(world.nurse_identity)
    picture, page = f"{slip.path(ticket)}/engineer.jpg", "/engineer/portrait"
    form = slip.token_in(engineer.get(page).text)
    unasked = {"visit": form, "photo": (BytesIO(photo()), "me.jpg")}
    assert engineer.post(page, data=unasked).status_code == 422
    assert nurse.get(picture).status_code == 404
    asked = {"visit": form, "consent": "yes", "photo": (BytesIO(photo()), "me.jpg")}
    assert engineer.post(page, data=asked).status_code == 303
    assert picture in nurse.get(slip.path(ticket)).text
    assert nurse.get(picture).data.startswith(b"\xff\xd8")
    send(engineer, page, f"{page}/withdraw")
    assert nurse.get(picture).status_code == 404
    assert picture not in nurse.get(slip.path(ticket)).text


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def told(runtime: Runtime, world: World) -> Told:
    return Told(runtime, world)
