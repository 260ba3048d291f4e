"""Sign-in of the mini-program: a code for tokens, tokens rotated, revoked, and over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app import clock
from app.errors import Refused
from app.http import rate_limits
from app.models import ApiSession, WeChatIdentity
from app.services.identity import api_sessions
from sandbox.phones import PHONES
from tests.api.conftest import TakePhone
from tests.conftest import Phone as Browser
from tests.support.phone import Phone, code, told
from tests.support.wechat import Sandbox
from tests.support.world import World

SESSION = "/sns/jscode2session"


def test_a_code_of_wechat_becomes_tokens_and_an_identity(app: Flask, wechat: Sandbox, world: World) -> None:
    phone = Phone(app.test_client())
    answer = told(phone.sign_in(wechat.code("stranger")))
    assert (answer["bound"], answer["privacy_accepted"]) == (False, False)
    assert (answer["expires_in"], answer["refresh_expires_in"]) == (1800, 30 * 86400)
    assert told(phone.get("/me"))["bound"] is False
    with world.database.reading() as session:
        row = session.scalars(select(ApiSession)).one()
        identity = session.get_one(WeChatIdentity, row.identity_id)
    assert (identity.appid, identity.openid) == ("wxsandboxmini01", PHONES["stranger"].mini_openid)


def test_neither_token_nor_session_key_is_kept_or_told(app: Flask, wechat: Sandbox, world: World) -> None:
    phone = Phone(app.test_client())
    answer = phone.sign_in(wechat.code("nurse"))
    assert "session_key" not in answer.text
    assert PHONES["nurse"].mini_openid not in answer.text
    with world.database.reading() as session:
        row = session.scalars(select(ApiSession)).one()
    assert {len(row.access), len(row.refresh)} == {64}
    assert not {phone.access, phone.refresh} & {row.access, row.refresh, row.family}
    assert min(len(phone.access), len(phone.refresh)) >= 43  # 32 bytes


@pytest.mark.parametrize("wrong", ["0" * 32, "another"])
def test_a_code_wechat_does_not_know_is_refused(app: Flask, wechat: Sandbox, world: World, wrong: str) -> None:
    assert code(Phone(app.test_client()).sign_in(wrong)) == (403, "sign_in_again")


def test_a_code_works_once(app: Flask, wechat: Sandbox, world: World) -> None:
    given = wechat.code("nurse")
    assert Phone(app.test_client()).sign_in(given).status_code == 201
    assert code(Phone(app.test_client()).sign_in(given)) == (403, "sign_in_again")


@pytest.mark.parametrize("trouble", [{"next_errors": [-1]}, {"next_status": [502]}, {"next_errors": [40125]}])
def test_when_wechat_is_down_the_answer_says_so_and_one_call_was_made(
    app: Flask, wechat: Sandbox, world: World, trouble: dict[str, object]
) -> None:
    before = wechat.calls(SESSION)
    wechat.trouble(SESSION, **trouble)
    given = wechat.code("nurse")
    assert code(Phone(app.test_client()).sign_in(given)) == (503, "wechat_busy")
    assert wechat.calls(SESSION) == before + 1


def test_a_refresh_token_gives_new_tokens_once(nurse: Phone) -> None:
    first = (nurse.access, nurse.refresh)
    assert nurse.renew().status_code == 200
    assert not {*first} & {nurse.access, nurse.refresh}
    assert nurse.get("/me").status_code == 200


def test_a_refresh_token_used_twice_ends_the_whole_family(nurse: Phone) -> None:
    stolen = nurse.refresh
    nurse.renew()
    thief = Phone(nurse.client, refresh=stolen)
    assert code(thief.renew()) == (401, "refresh_used")
    assert code(nurse.get("/me")) == (401, "token_over")
    assert code(nurse.renew()) == (401, "token_over")


def test_another_sign_in_of_the_same_phone_is_another_family(take_phone: TakePhone, world: World) -> None:
    one, other = take_phone("nurse", world.nurse), take_phone("nurse", world.nurse)
    assert one.delete("/sessions/current").status_code == 204
    assert code(one.get("/me")) == (401, "token_over")
    assert code(one.renew()) == (401, "token_over")
    assert other.get("/me").status_code == 200


def test_tokens_live_as_long_as_they_say(nurse: Phone, world: World) -> None:
    _grow_older(world, timedelta(minutes=29))
    assert nurse.get("/me").status_code == 200
    _grow_older(world, timedelta(minutes=2))
    refused = nurse.get("/me")
    assert code(refused) == (401, "token_over")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    nurse.renew()
    assert nurse.get("/me").status_code == 200
    _grow_older(world, timedelta(days=31))
    assert code(nurse.renew()) == (401, "token_over")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "made-up"])
def test_without_a_bearer_nobody_comes_in(nurse: Phone, header: str) -> None:
    anybody = Phone(nurse.client)
    headers = {"Authorization": header} if header else {}
    assert code(anybody.ask("GET", "/me", headers=headers)) == (401, "token_missing")


def test_a_refresh_token_is_no_access_token(nurse: Phone) -> None:
    assert code(Phone(nurse.client, access=nurse.refresh).get("/me")) == (401, "token_unknown")
    assert code(Phone(nurse.client, refresh=nurse.access).renew()) == (401, "token_unknown")


def test_only_wrong_tokens_count_and_good_ones_are_served_all_the_same(nurse: Phone) -> None:
    guesser = Phone(nurse.client, access="guessed")
    statuses = [guesser.get("/me").status_code for _ in range(rate_limits.WRONG.amount + 1)]
    assert statuses == [401] * rate_limits.WRONG.amount + [429]
    assert nurse.get("/me").status_code == 200
    assert code(Phone(nurse.client, refresh="guessed").renew()) == (429, "too_many")


def test_a_token_let_go_of_is_only_unknown_however_often_it_is_shown(nurse: Phone, world: World) -> None:
    with world.database.transaction() as session:
        session.execute(delete(ApiSession))
    statuses = {nurse.get("/me").status_code for _ in range(rate_limits.WRONG.amount + 1)}
    assert statuses == {401}
    assert {code(nurse.renew()) for _ in range(rate_limits.WRONG.amount + 1)} == {(401, "token_unknown")}


@pytest.mark.slow("six hundred sign-ins")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_address_signs_in_no_more_than_a_hospital_would(nurse: Phone) -> None:
    newcomer = Phone(nurse.client)
    answers = [nurse.client.post("/api/v1/sessions", json={"code": "x"}) for _ in range(rate_limits.SIGN_INS.amount)]
    assert 429 not in {answer.status_code for answer in answers[:-2]}
    assert code(newcomer.sign_in("x")) == (429, "too_many")
    assert nurse.get("/me").status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("again", ["sign out", "refresh"])
def test_what_ends_the_session_ends_a_token_that_is_just_being_made(nurse: Phone, world: World, again: str) -> None:
    """On PostgreSQL; on SQLite one writes after the other."""
    with world.database.reading() as session:
        row = session.scalars(select(ApiSession)).one()

    def end() -> None:
        with world.database.transaction() as other:
            if again == "refresh":
                assert isinstance(api_sessions.refresh(other, nurse.refresh, at=clock.now()), Refused)
            else:
                api_sessions.end(other, row.identity_id, row.family, at=clock.now())

    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as session:
            tokens = api_sessions.refresh(session, nurse.refresh, at=clock.now())
            ended = pool.submit(end)
            with pytest.raises(TimeoutError):
                ended.result(0.3)
        ended.result(10)
    assert isinstance(tokens, api_sessions.Tokens)
    assert code(Phone(nurse.client, access=tokens.access).get("/me")) == (401, "token_over")
    assert code(Phone(nurse.client, refresh=tokens.refresh).renew()) == (401, "token_over")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_refresh_that_waited_for_the_sign_out_gives_nothing(nurse: Phone, world: World) -> None:
    with world.database.reading() as session:
        row = session.scalars(select(ApiSession)).one()
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as session:
            api_sessions.end(session, row.identity_id, row.family, at=clock.now())
            renewed = pool.submit(Phone(nurse.client.application.test_client(), refresh=nurse.refresh).renew)
            with pytest.raises(TimeoutError):
                renewed.result(0.3)
        assert code(renewed.result(10)) == (401, "token_over")


def test_who_was_forgotten_is_signed_out(nurse: Phone, world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(WeChatIdentity).values(forgotten_at=clock.now()))
    assert code(nurse.get("/me")) == (401, "token_over")
    assert code(nurse.renew()) == (401, "token_over")


def test_a_cookie_of_the_pages_opens_nothing_here(world: World, phone: Browser) -> None:
    client = phone(world.nurse_identity)
    assert client.get("/my").status_code == 200
    assert client.get("/api/v1/me").status_code == 401


def _grow_older(world: World, by: timedelta) -> None:
    with world.database.transaction() as session:
        for row in session.scalars(select(ApiSession)):
            row.expires_at -= by
            row.refresh_expires_at -= by
