"""While it is open: who comes, by when, what it waits for, what was answered; and "me too" for a major incident."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import clock
from app.models import Event, Ticket
from app.services.tickets import incidents, lifecycle, pauses, urges
from tests.api.conftest import TakePhone, TokenOf
from tests.conftest import Phone as Browser
from tests.support.phone import Phone, code, told
from tests.support.world import ZONE, World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_the_words_are_those_of_the_page(nurse: Phone, world: World, token_of: TokenOf, phone: Browser) -> None:
    ticket = world.ticket("accepted", description="打印机卡纸")
    now = clock.now()
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        given = {"by": world.engineer.id, "at": now, "channel": "test"}
        lifecycle.urge(session, held, by=world.nurse.id, at=now, channel="mini")
        urges.answer(session, held, code="arranging", **given)  # type: ignore[arg-type]
        until = now + timedelta(hours=4)
        pauses.pause(session, held, reason="part", until=until, zone=ZONE, **given)  # type: ignore[arg-type]
    token = token_of(ticket)
    seen, page = nurse.scan(token), phone(world.nurse_identity).get(f"/r/{token}").text
    coming, answer = seen["coming"], seen["urge_answer"]
    assert (coming["lead"], coming["portrait"], coming["due"]["limit"]) == (world.engineer.name, None, "arrival")
    assert (coming["waits_for"]["reason"], answer["code"], answer["by"]) == ("part", "arranging", world.engineer.name)
    words = [coming["lead"], coming["post"], coming["due"]["label"], coming["waits_for"]["label"], answer["label"]]
    words += [seen["words"], *(step["label"] for step in seen["steps"])]
    assert [word for word in words if word not in page] == []
    assert seen["urge_again_at"] > seen["urged_at"]


def test_her_words_are_hers_and_nothing_comes_once_it_is_done(
    nurse: Phone, take_phone: TakePhone, world: World, token_of: TokenOf
) -> None:
    token = token_of(world.ticket("finished", description="打印机卡纸"))
    seen = nurse.scan(token)
    assert (seen["coming"], seen["urge_answer"]) == (None, None)
    other = take_phone("stranger").scan(token_of(world.ticket("reported", description="打印机卡纸")))
    assert (other["words"], other["coming"]["lead"]) == ("", "")


def test_a_major_incident_is_joined_once_by_each_department(nurse: Phone, take_phone: TakePhone, world: World) -> None:
    parent = world.ticket("accepted")
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=parent.id)
        given = {"title": "HIS 登录慢", "by": world.supervisor.id, "at": clock.now(), "channel": "test"}
        incident = incidents.declare(session, held, **given).id  # type: ignore[arg-type]
    [shown] = told(nurse.get("/incidents"))["incidents"]
    assert (shown["id"], shown["title"]) == (incident, "HIS 登录慢")
    path = f"/incidents/{incident}/join"
    first, again = (told(nurse.post(path, {})) for _ in range(2))
    assert first["number"] == again["number"] != parent.number
    assert [step["state"] for step in first["steps"] if step["at"]][-1] == "accepted"
    assert told(nurse.get(f"/tickets/{first['number']}"))["description"] == "HIS 登录慢"
    assert code(take_phone("stranger").post(path, {})) == (403, "bind_first")
    assert code(nurse.post(path, {"count": 2})) == (422, "invalid")
    with world.database.transaction() as session:
        joined = select(func.count()).select_from(Event).where(Event.kind == "joined")
        assert (session.scalar(joined), session.scalar(select(func.count()).select_from(Ticket))) == (1, 2)
        incidents.close(session, incident, by=world.supervisor.id, at=clock.now(), channel="test")
    assert told(nurse.get("/incidents"))["incidents"] == []
    assert code(nurse.post(path, {})) == (404, "no_such_incident")
