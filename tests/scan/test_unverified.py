"""Whoever is bound to nobody: heard, kept and shown in one line, but it rings nobody, and there is an end to it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import RateLimitItemPerHour
from sqlalchemy import func, select

from app import clock
from app.http import guards, rate_limits
from app.models import Notice, OAuthAttempt, ServiceCase, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services.identity import binding
from tests.conftest import Console, Phone
from tests.support.scan_forms import Slip
from tests.support.world import World

WECHAT = {"User-Agent": "MicroMessenger/8.0.50"}


def test_their_urging_rings_nobody_and_is_one_line_for_the_desk(
    slip: Slip, world: World, phone: Phone, console: Console
) -> None:
    """A photo of a ward's code and any WeChat wrote fifty urgent notices."""
    stranger, tickets = phone(world.stranger_identity), [world.ticket("dispatched") for _ in range(3)]
    for ticket in tickets:
        assert say(slip, stranger, ticket, "urge") == 303
    broken = world.ticket("finished")
    assert say(slip, stranger, broken, "still-broken") == 303
    assert told(world) == 0
    shown = console(world.desk).get("/console").text.partition("没有绑定工号的人催过")[2].partition("</p>")[0]
    assert all(ticket.number in shown for ticket in (*tickets, broken))
    other = world.ticket("dispatched")
    assert say(slip, phone(world.nurse_identity), other, "urge") == 303
    assert told(world) == 1
    assert other.number not in console(world.desk).get("/console").text.partition("没有绑定工号的人催过")[2][:600]


def test_one_of_them_says_only_so_much(slip: Slip, world: World, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "UNVERIFIED_ACTS", RateLimitItemPerHour(2))
    stranger, nurse = phone(world.stranger_identity), phone(world.nurse_identity)
    tickets = [world.ticket("dispatched") for _ in range(3)]
    assert [say(slip, stranger, ticket, "urge") for ticket in tickets] == [303, 303, 429]
    finished = world.ticket("finished")
    assert slip.rate(stranger, finished, 1).status_code == 429
    assert [say(slip, nurse, ticket, "urge") for ticket in tickets] == [409, 409, 303]
    assert slip.rate(nurse, finished, 1).status_code == 303


def test_many_of_them_fill_no_ward_and_keep_nobody_from_rating(
    slip: Slip, world: World, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "UNVERIFIED_IN_WARD", RateLimitItemPerHour(2))
    tickets, finished = [world.ticket("dispatched") for _ in range(3)], world.ticket("finished")
    phones = [phone(newcomer(world, number)) for number in range(3)]
    assert [say(slip, one, ticket, "urge") for one, ticket in zip(phones, tickets, strict=True)] == [303, 303, 429]
    assert slip.rate(phones[2], finished, 5).status_code == 303


def test_their_low_score_is_a_case_once_it_is_known_whose_it_is(
    slip: Slip, world: World, phone: Phone, console: Console
) -> None:
    ticket = world.ticket("finished", served=world.doctor)
    slip.rate(phone(world.stranger_identity), ticket, 1)
    assert cases(world) == 0
    supervisor = console(world.supervisor)
    assert "<b>1</b>30 天内未核验的低分" in supervisor.get("/console").text
    assert "未核验的低分" not in console(world.desk).get("/console").text
    with world.database.transaction() as session:
        identity = session.get_one(WeChatIdentity, world.stranger_identity.id)
        binding.attach(session, identity, world.doctor.id, at=clock.now())
    assert cases(world) == 1
    assert "未核验的低分" not in supervisor.get("/console").text


@pytest.mark.parametrize("path", ["/sign-in/scan/", "/my/receipts/", "/my?x="])
def test_a_long_address_is_kept_nowhere(client: FlaskClient, world: World, path: str) -> None:
    assert client.get(path + "x" * guards.LONGEST_ADDRESS, headers=WECHAT).status_code == 414
    client.get(path + "x" * 1_000, headers=WECHAT)
    with world.database.reading() as session:
        assert all(len(kept) <= 300 for kept in session.scalars(select(OAuthAttempt.next_path)))


def test_sign_ins_that_nobody_finishes_come_to_an_end(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a row: the trip to WeChat, and the code on the console's entrance."""
    monkeypatch.setattr(rate_limits, "SIGN_INS", RateLimitItemPerHour(3))
    for _ in range(5):
        assert app.test_client().get("/my", headers=WECHAT).status_code in {200, 302}
        assert app.test_client().get("/sign-in").status_code == 200
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OAuthAttempt)) == 2


def say(slip: Slip, client: FlaskClient, ticket: Ticket, what: str) -> int:
    form = slip.form(client, ticket)
    return client.post(f"{slip.path(ticket)}/{what}", data={"visit": form}).status_code


def told(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).where(Notice.kind == "urged")) or 0


def cases(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(ServiceCase)) or 0


def newcomer(world: World, number: int) -> WeChatIdentity:
    with world.database.transaction() as session:
        kept = session.get_one(WeChatIdentity, world.stranger_identity.id)
        identity = WeChatIdentity(appid=kept.appid, openid=f"oNew{number}", first_seen_at=clock.now())
        identity.privacy_version = kept.privacy_version
        session.add(identity)
    return identity


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)
