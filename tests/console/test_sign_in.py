"""Signing in at the console by password."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import clock
from app.db import Database
from app.models import Credential, Employment
from app.web import limits
from tests.console.forms import send
from tests.world import World


def test_the_right_password_opens_the_console(client: FlaskClient, world: World, password: str) -> None:
    answer = enter(client, world.desk.staff_number, password)
    assert (answer.status_code, answer.location) == (303, "/console")
    assert world.desk.name in client.get("/console").text


def test_after_signing_in_one_is_where_one_wanted_to_go(client: FlaskClient, world: World, password: str) -> None:
    answer = enter(client, world.desk.staff_number, password, next="/console/notices?state=failed")
    assert answer.location == "/console/notices?state=failed"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/console",
        "/\\evil.example",
        "/my",
        "/consoles",
        "javascript:1",
        "/console\n",
    ],
)
def test_the_way_on_never_leads_elsewhere(elsewhere: str, client: FlaskClient, world: World, password: str) -> None:
    assert enter(client, world.desk.staff_number, password, next=elsewhere).location == "/console"


@pytest.mark.parametrize("who", ["desk", "nurse", "nobody"])
def test_wrong_unknown_and_without_a_role_look_the_same(
    who: str, client: FlaskClient, world: World, password: str
) -> None:
    number = "99999" if who == "nobody" else getattr(world, who).staff_number
    answer = enter(client, number, password if who == "nurse" else "wrong")
    assert answer.status_code == 401
    assert "工号或密码不对" in answer.text
    assert client.get("/console").status_code == 302


def test_five_wrong_tries_lock_for_a_quarter_of_an_hour(
    client: FlaskClient, world: World, password: str, database: Database
) -> None:
    for _ in range(5):
        enter(client, world.desk.staff_number, "wrong")
    assert enter(client, world.desk.staff_number, password).status_code == 401
    let_pass(database, world.desk.id, timedelta(minutes=15))
    assert enter(client, world.desk.staff_number, password).status_code == 303


def test_the_fifth_try_may_be_the_right_one_and_wipes_the_slate(
    client: FlaskClient, world: World, password: str, app: Flask
) -> None:
    for _ in range(2):
        for _ in range(4):
            enter(client, world.desk.staff_number, "wrong")
        client = app.test_client()
        assert enter(client, world.desk.staff_number, password).status_code == 303
        client = app.test_client()


def test_the_lock_is_one_persons_own(client: FlaskClient, world: World, password: str) -> None:
    for _ in range(6):
        enter(client, world.desk.staff_number, "wrong")
    assert enter(client, world.supervisor.staff_number, password).status_code == 303


def test_a_noisy_address_does_not_keep_out_who_signed_in_here_before(app: Flask, world: World, password: str) -> None:
    known, unknown = app.test_client(), app.test_client()
    enter(known, world.supervisor.staff_number, password)
    send(known, "/console", "/sign-out")
    for _ in range(limits.WRONG_PASSWORDS.amount):
        enter(unknown, "99999", "wrong")
    assert enter(unknown, world.admin.staff_number, password).status_code == 429
    assert enter(known, world.admin.staff_number, password).status_code == 429
    assert enter(known, world.supervisor.staff_number, password).status_code == 303


def test_who_has_left_does_not_come_in(client: FlaskClient, world: World, password: str, database: Database) -> None:
    with database.transaction() as session:
        gone = clock.now().date() - timedelta(days=2)
        session.execute(update(Employment).where(Employment.person_id == world.desk.id).values(valid_to=gone))
    assert enter(client, world.desk.staff_number, password).status_code == 401


def test_signing_out_ends_it(client: FlaskClient, world: World, password: str) -> None:
    enter(client, world.desk.staff_number, password)
    assert send(client, "/console", "/sign-out").status_code == 303
    assert client.get("/console").status_code == 302


def test_a_form_from_elsewhere_is_refused(client: FlaskClient, world: World, password: str) -> None:
    answer = client.post("/sign-in", data={"staff_number": world.desk.staff_number, "password": password})
    assert answer.status_code == 403
    assert client.get("/console").status_code == 302


def test_a_nul_or_a_huge_password_is_only_wrong(client: FlaskClient, world: World, password: str) -> None:
    assert enter(client, world.desk.staff_number + "\x00", password).status_code == 303
    assert enter(client, world.desk.staff_number, "x" * 100_000).status_code in {401, 303}


def enter(client: FlaskClient, number: str, password: str, **more: str) -> TestResponse:
    with client.session_transaction() as session:
        session.pop("console", None)
    return send(client, "/sign-in", "/sign-in", staff_number=number, password=password, **more)


def let_pass(database: Database, person_id: int, span: timedelta) -> None:
    """As if that much time had gone by since the lock."""
    with database.transaction() as session:
        credential = session.get_one(Credential, person_id)
        assert credential.locked_until is not None
        credential.locked_until -= span
