"""Signing in at the console by password."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import RateLimitItemPerMinute
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import clock
from app.db import Database
from app.http import rate_limits
from app.models import Employment
from tests.conftest import Console
from tests.support.console_forms import send
from tests.support.world import World


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


def test_five_wrong_tries_close_it_to_where_they_came_from_and_to_nobody_else(
    app: Flask, world: World, password: str
) -> None:
    """Else anybody could lock the admin out with five posts."""
    here, elsewhere = app.test_client(), at(app, "10.0.0.9")
    for _ in range(5):
        enter(here, world.desk.staff_number, "wrong")
    assert enter(here, world.desk.staff_number, password).status_code == 401
    assert enter(elsewhere, world.desk.staff_number, password).status_code == 303
    assert enter(here, world.supervisor.staff_number, password).status_code == 303


def test_in_a_browser_one_has_signed_in_with_nobodys_wrong_tries_count_but_ones_own(
    app: Flask, world: World, password: str
) -> None:
    """At the same address: a hospital shares few."""
    known, attacker = app.test_client(), app.test_client()
    enter(known, world.admin.staff_number, password)
    for _ in range(7):
        enter(attacker, world.admin.staff_number, "wrong")
    assert enter(known, world.admin.staff_number, password).status_code == 303
    for _ in range(5):
        enter(known, world.admin.staff_number, "wrong")
    assert enter(known, world.admin.staff_number, password).status_code == 401


def test_the_fifth_try_may_be_the_right_one_and_wipes_the_slate(app: Flask, world: World, password: str) -> None:
    for _ in range(2):
        browser = app.test_client()  # one it has never signed in with
        for _ in range(4):
            enter(browser, world.desk.staff_number, "wrong")
        assert enter(browser, world.desk.staff_number, password).status_code == 303


def test_tries_side_by_side_do_not_outrun_the_limit(app: Flask) -> None:
    def begin(_: int) -> bool:
        with app.test_request_context():
            return rate_limits.begin_try("W0001", "")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(24))) == 5


def test_guesses_from_everywhere_close_an_account_to_new_browsers_alone(
    app: Flask, world: World, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "WRONG_FOR_ACCOUNT", RateLimitItemPerMinute(4, 15))
    known = app.test_client()
    enter(known, world.admin.staff_number, password)
    for number in range(4):
        enter(at(app, f"10.0.0.{number}"), world.admin.staff_number, "wrong")
    assert enter(at(app, "10.0.1.1"), world.admin.staff_number, password).status_code == 429
    assert enter(at(app, "10.0.1.1"), world.supervisor.staff_number, password).status_code == 303
    assert enter(known, world.admin.staff_number, password).status_code == 303


@pytest.mark.parametrize("spelling", ["\uff37{}", "{}\u200b", "\u2060{} "])
def test_another_spelling_of_a_number_has_no_tries_of_its_own(
    spelling: str, app: Flask, world: World, password: str
) -> None:
    number = world.desk.staff_number
    other = spelling.format(number[1:] if spelling.startswith("\uff37") else number)
    assert enter(at(app, "10.0.0.9"), other, password).status_code == 303
    for _ in range(5):
        enter(app.test_client(), other, "wrong")
    assert enter(app.test_client(), number, password).status_code == 401


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1:80", "10.0.0.1:81", False),
    ],
)
def test_a_line_of_ipv6_is_one_place_however_many_addresses_it_has(
    one: str, other: str, same: bool, app: Flask, world: World, password: str
) -> None:
    for _ in range(5):
        enter(at(app, one), world.desk.staff_number, "wrong")
    assert (enter(at(app, other), world.desk.staff_number, password).status_code == 401) is same


def test_a_noisy_address_does_not_keep_out_who_signed_in_here_before(
    app: Flask, world: World, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "WRONG_PASSWORDS", RateLimitItemPerMinute(3, 15))
    known, unknown = app.test_client(), app.test_client()
    enter(known, world.supervisor.staff_number, password)
    send(known, "/console", "/sign-out")
    for _ in range(3):
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


@pytest.mark.parametrize("way", ["password", "scan"])
def test_a_cookie_kept_from_before_signing_out_opens_nothing(
    way: str, app: Flask, client: FlaskClient, world: World, password: str, console: Console
) -> None:
    if way == "scan":  # the auditor has no password
        client = console(world.auditor)
    else:
        enter(client, world.desk.staff_number, password)
    thief, other = app.test_client(), console(world.supervisor)
    with client.session_transaction() as signed_in, thief.session_transaction() as session:
        session.update(signed_in)
    assert thief.get("/console").status_code == 200
    send(client, "/console", "/sign-out")
    assert thief.get("/console").status_code == 302
    assert other.get("/console").status_code == 200  # nobody else is signed out


def test_who_signed_out_can_sign_in_again(client: FlaskClient, world: World, password: str) -> None:
    for _ in range(2):
        enter(client, world.desk.staff_number, password)
        assert client.get("/console").status_code == 200
        send(client, "/console", "/sign-out")


def test_a_form_from_elsewhere_is_refused(client: FlaskClient, world: World, password: str) -> None:
    answer = client.post("/sign-in", data={"staff_number": world.desk.staff_number, "password": password})
    assert answer.status_code == 403
    assert client.get("/console").status_code == 302


def test_a_huge_password_is_only_wrong(client: FlaskClient, world: World, password: str) -> None:
    assert enter(client, world.desk.staff_number, "x" * 100_000).status_code == 401


def at(app: Flask, address: str) -> FlaskClient:
    """A new browser somewhere else."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def enter(client: FlaskClient, number: str, password: str, **more: str) -> TestResponse:
    with client.session_transaction() as session:
        session.pop("console", None)
    return send(client, "/sign-in", "/sign-in", staff_number=number, password=password, **more)
