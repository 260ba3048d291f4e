"""What went wrong leads back to where one was, with what was typed; and a second tap is no fault."""

from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.models import Event, WeChatIdentity
from tests.conftest import Console, Phone
from tests.support.console_forms import send
from tests.support.scan_forms import Slip
from tests.support.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOST = "http://localhost"


def test_what_was_written_comes_back_when_the_page_had_expired(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 2)
    path = slip.path(ticket)
    answer = nurse.post(
        path + "/detail",
        data={"visit": "old", "comment": "等了 <两> 天"},
        headers={"Referer": HOST + path + "?lang=zh"},
    )
    assert answer.status_code == 403
    assert f'href="{path}?lang=zh"' in answer.text
    assert f'data-typed="{path}?lang=zh"' in answer.text
    assert 'name="comment" value="等了 <两> 天"' in unescape(answer.text)
    assert "old" not in answer.text


def test_where_a_browser_does_not_say_where_it_was_the_slip_is_known(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    answer = phone(world.nurse_identity).post(slip.path(ticket) + "/rate", data={"level": "5"})
    assert (answer.status_code, f'href="{slip.path(ticket)}"' in answer.text) == (403, True)


@pytest.mark.parametrize(
    "came", ["https://evil.example/r/x", "http://localhost//evil.example", "javascript:alert(1)", ""]
)
def test_it_leads_nowhere_else(came: str, client: FlaskClient) -> None:
    for path in ("/nowhere", "/s/AAAAAAAAAAAAAAAAAAAAAA"):
        page = client.get(path, headers={"Referer": came}).text
        assert ("evil" in page, "回到刚才的页面" in page) == (False, False)


def test_no_password_and_no_token_is_shown_again(desk: FlaskClient) -> None:
    sent = {"csrf_token": "wrong", "password": "mine", "staff_number": "7", "note": "写过的"}
    page = desk.post("/console/tickets/new", data=sent, headers={"Referer": HOST + "/console/tickets/new"}).text
    assert ("mine" in page, "写过的" in page, 'href="/console/tickets/new"' in page) == (False, True, True)


def test_who_has_urged_sees_when_they_may_again(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("accepted")
    path = slip.path(ticket)
    assert "<button>催一下</button>" in nurse.get(path).text
    urged = [nurse.post(path + "/urge", data={"visit": slip.form(nurse, ticket)}) for _ in range(2)]
    assert [answer.status_code for answer in urged] == [303, 409]
    for page in (urged[1].text, nurse.get(path).text):
        assert ("工单进度" in page, "<button>催一下" in page, "后可以再催</button>" in page) == (True, False, True)
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "urged")) == 1


def test_a_stranger_who_says_it_twice_sees_the_same(slip: Slip, world: World, phone: Phone) -> None:
    stranger, ticket = phone(world.stranger_identity), world.ticket("finished")
    path = slip.path(ticket)
    form = {"visit": slip.form(stranger, ticket)}
    said = [stranger.post(path + "/still-broken", data=form) for _ in range(2)]
    assert [answer.status_code for answer in said] == [303, 409]
    assert all("后可以再说</button>" in page for page in (said[1].text, stranger.get(path).text))


def test_finishing_asks_and_says_that_nobody_has_arrived(world: World, phone: Phone) -> None:
    engineer = phone(world.engineer_identity)
    seen = [engineer.get(f"/engineer/{world.ticket(state).number}").text for state in ("accepted", "arrived")]
    assert ["还没有点“到场”" in page for page in seen] == [True, False]
    assert ["确定修好了吗" in page for page in seen] == [True, True]


def test_the_second_field_that_is_wrong_keeps_the_first(world: World, phone: Phone) -> None:
    answer = send(
        phone(world.stranger_identity), "/my/bind", "/my/bind", staff_number="00042", name="王芳", last_four="0000"
    )
    assert answer.status_code == 422
    assert ('value="00042"' in answer.text, 'value="王芳"' in answer.text, 'value="0000"' in answer.text) == (
        True,
        True,
        False,
    )


def test_who_was_not_served_is_told_that_binding_changes_nothing(slip: Slip, world: World, phone: Phone) -> None:
    stranger, ticket = phone(world.stranger_identity), world.ticket("finished")
    slip.rate(stranger, ticket, 4)
    assert "不是您的服务，绑定了也不计" in stranger.get(slip.path(ticket)).text
    with world.database.transaction() as session:
        session.get_one(WeChatIdentity, world.stranger_identity.id).person_id = world.auditor.id
    page = stranger.get(slip.path(ticket)).text
    assert ("不计入：这次服务的不是您" in page, 'href="/my"' in page, "绑定工号" in page) == (True, True, False)


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
