"""Signing in at the console by scanning its code with a phone."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db import Database
from app.models import ConsoleScan
from tests.conftest import Phone
from tests.support.console_forms import send
from tests.support.world import World


def test_the_phone_confirms_and_the_waiting_page_is_let_in(desk: FlaskClient, phone: Phone, world: World) -> None:
    assert desk.get("/sign-in/status").json == {"state": "waiting"}
    assert tap(phone(world.supervisor_identity), desk).status_code == 200
    assert desk.get("/sign-in/status").json == {"state": "confirmed"}
    assert send(desk, "/sign-in", "/sign-in/enter").location == "/console"
    assert world.supervisor.name in desk.get("/console").text


def test_looking_at_the_code_or_asking_lets_nobody_in(desk: FlaskClient, phone: Phone, world: World) -> None:
    supervisor = phone(world.supervisor_identity)
    assert supervisor.get(way(desk)).status_code == 200
    assert send(desk, "/sign-in", "/sign-in/enter").location == "/sign-in?next=/console"
    tap(supervisor, desk)
    desk.get("/sign-in/status")
    assert desk.get("/console").status_code == 302


def test_another_browser_gets_nothing_of_it(desk: FlaskClient, phone: Phone, world: World, app: Flask) -> None:
    thief = app.test_client()
    thief.get("/sign-in")
    with desk.session_transaction() as seen, thief.session_transaction() as session:
        session["scan"] = {**session["scan"], "secret": seen["scan"]["secret"]}
    tap(phone(world.supervisor_identity), desk)
    token = re.search(r'name="csrf_token" value="([^"]+)"', thief.get("/sign-in").text)
    assert token is not None
    with desk.session_transaction() as seen, thief.session_transaction() as session:
        session["scan"] = {**session["scan"], "secret": seen["scan"]["secret"]}
    thief.post("/sign-in/enter", data={"csrf_token": token.group(1)})
    assert thief.get("/console").status_code == 302


def test_a_code_lets_in_once(desk: FlaskClient, phone: Phone, world: World, app: Flask) -> None:
    tap(phone(world.supervisor_identity), desk)
    with desk.session_transaction() as session:
        used = dict(session["scan"])
    send(desk, "/sign-in", "/sign-in/enter")
    again = app.test_client()
    with again.session_transaction() as session:
        session["scan"] = used
    assert again.get("/sign-in/status").json == {"state": "over"}


def test_three_numbers_are_offered_and_the_same_at_every_look(desk: FlaskClient, phone: Phone, world: World) -> None:
    supervisor = phone(world.supervisor_identity)
    first = offered(supervisor, desk)
    assert len(set(first)) == 3
    assert digits(desk) in first
    assert offered(supervisor, desk) == first


def test_a_wrong_number_ends_the_code(desk: FlaskClient, phone: Phone, world: World) -> None:
    supervisor = phone(world.supervisor_identity)
    wrong = next(number for number in offered(supervisor, desk) if number != digits(desk))
    assert tap(supervisor, desk, wrong).status_code == 409
    assert desk.get("/sign-in/status").json == {"state": "over"}
    assert supervisor.get(way(desk)).status_code == 410


@pytest.mark.parametrize("typed", ["４２", "四十二", "é", ""])
def test_a_number_in_no_plain_digits_is_only_wrong(typed: str, desk: FlaskClient, phone: Phone, world: World) -> None:
    supervisor = phone(world.supervisor_identity)
    form = re.search(r'name="visit" value="([^"]+)"', supervisor.get(way(desk)).text)
    assert form is not None
    assert supervisor.post(way(desk), data={"visit": form.group(1), "digits": typed}).status_code == 409
    assert desk.get("/sign-in/status").json == {"state": "over"}


def test_after_three_minutes_the_code_is_over(
    desk: FlaskClient, phone: Phone, world: World, database: Database
) -> None:
    old = way(desk)
    with database.transaction() as session:
        session.query(ConsoleScan).one().expires_at -= timedelta(minutes=3)
    assert phone(world.supervisor_identity).get(old).status_code == 410
    desk.get("/sign-in")
    assert way(desk) != old


@pytest.mark.parametrize("who", ["nurse_identity", "engineer_identity", "stranger_identity"])
def test_without_a_console_role_nothing_can_be_confirmed(
    who: str, desk: FlaskClient, phone: Phone, world: World
) -> None:
    assert phone(getattr(world, who)).get(way(desk)).status_code == 403


def test_a_tap_from_elsewhere_confirms_nothing(desk: FlaskClient, phone: Phone, world: World) -> None:
    supervisor = phone(world.supervisor_identity)
    assert supervisor.post(way(desk), data={"digits": digits(desk)}).status_code == 403
    assert desk.get("/sign-in/status").json == {"state": "waiting"}


def test_an_unsigned_phone_is_shown_the_way_into_wechat(desk: FlaskClient, client: FlaskClient) -> None:
    away = client.get(way(desk), headers={"User-Agent": "MicroMessenger"})
    assert away.status_code == 302
    assert "/connect/oauth2/authorize" in away.location


def test_the_code_is_a_picture_of_its_own(desk: FlaskClient, client: FlaskClient) -> None:
    assert desk.get("/sign-in/code.svg").mimetype == "image/svg+xml"
    assert client.get("/sign-in/code.svg").status_code == 404


def test_the_database_keeps_neither_the_code_nor_the_browsers_secret(desk: FlaskClient, database: Database) -> None:
    with desk.session_transaction() as session:
        shown = session["scan"]
    with database.reading() as reading:
        row = reading.query(ConsoleScan).one()
    assert {row.code, row.browser}.isdisjoint({shown["secret"], shown["browser"]})


def way(desk: FlaskClient) -> str:
    with desk.session_transaction() as session:
        return f"/sign-in/scan/{session['scan']['secret']}"


def digits(desk: FlaskClient) -> str:
    with desk.session_transaction() as session:
        return str(session["scan"]["digits"])


def offered(phone: FlaskClient, desk: FlaskClient) -> list[str]:
    return re.findall(r'name="digits" value="(\d\d)"', phone.get(way(desk)).text)


def tap(phone: FlaskClient, desk: FlaskClient, number: str | None = None) -> TestResponse:
    shown = phone.get(way(desk)).text
    token = re.search(r'name="visit" value="([^"]+)"', shown)
    assert token is not None
    return phone.post(way(desk), data={"visit": token.group(1), "digits": number or digits(desk)})


@pytest.fixture
def desk(app: Flask, world: World) -> FlaskClient:
    """A browser that waits at the console's entrance."""
    client = app.test_client()
    client.get("/sign-in")
    return client
