"""The small door before Flask: what it takes, what it leaves alone, and what it does in trouble."""

from time import monotonic

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from app import db
from app.web.public import tap_door
from app.web.public.tap_door import TapDoor
from tests.architecture.test_outages import locked
from tests.conftest import Phone
from tests.scan.test_door_and_view import Counted
from tests.support.scan_forms import Slip
from tests.support.world import World

# What Flask looks at before any view. The door may only pass what each of these lets through: the address has its one
# form, is short and asks nothing; the form has no sign but letters and digits, and is here as a whole; blueprint `scan`
# is for anyone where `public` is served; the form's token stands for the general one.
LOOKED_AT = ["_refuse", "csrf_protect", "_choose", "_refuse_long", "_check"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def nurse(phone: Phone, world: World) -> FlaskClient:
    return phone(world.nurse_identity)


def test_a_plain_tap_is_answered_before_flask(
    app: Flask, slip: Slip, world: World, nurse: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, view = world.ticket("finished"), app.view_functions["scan.rate"]
    form = slip.form(nurse, ticket)
    monkeypatch.setitem(app.view_functions, "scan.rate", None)
    answer = nurse.post(slip.path(ticket) + "/rate", data={"visit": form, "level": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, slip.path(ticket))
    assert (slip.counted(ticket), slip.rows()["case"]) == ([(1, world.nurse.id)], 1)
    monkeypatch.setitem(app.view_functions, "scan.rate", view)
    assert nurse.post(slip.path(ticket) + "/rate", data={"visit": form, "level": "5"}).status_code == 303
    assert slip.rows()["rating"] == 1


def test_whoever_adds_a_look_before_every_view_thinks_of_the_door(app: Flask) -> None:
    assert [look.__name__ for look in app.before_request_funcs[None]] == LOOKED_AT
    assert "scan" not in app.before_request_funcs
    assert "scan" not in app.after_request_funcs


@pytest.mark.parametrize("environ", [{"SURFACES": "console,api"}], indirect=True)
def test_where_public_is_not_served_there_is_no_door(app: Flask, slip: Slip, world: World, nurse: FlaskClient) -> None:
    ticket = world.ticket("finished")
    form = slip.forged_form(nurse, ticket)
    assert nurse.post(slip.path(ticket) + "/rate", data={"visit": form, "level": "5"}).status_code == 404
    assert slip.rows()["rating"] == 0


def test_in_trouble_flask_decides_and_the_door_steps_aside_for_a_while(
    app: Flask, slip: Slip, world: World, nurse: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = Counted(app)
    door, ticket, cookie = TapDoor(app, behind), world.ticket("finished"), nurse.get_cookie("mashangping")
    assert cookie is not None
    tapped = {"visit": slip.form(nurse, ticket), "level": "5"}

    def tap() -> int:
        address, headers = slip.path(ticket) + "/rate", {"Cookie": f"mashangping={cookie.value}"}
        return Client(door, use_cookies=False).post(address, data=tapped, headers=headers).status_code

    monkeypatch.setattr(db, "SQLITE_BUSY_MS", 20)
    world.database.engine.dispose()
    app.extensions["mashangping"].database.engine.dispose()
    with locked(world.database):
        assert (tap(), behind.asked) == (503, 1)
    assert (tap(), behind.asked) == (303, 2)
    assert slip.counted(ticket) == [(5, world.nurse.id)]
    ticket = world.ticket("finished")
    tapped["visit"] = slip.form(nurse, ticket)
    monkeypatch.setattr(tap_door, "monotonic", lambda: monotonic() + tap_door.STEPS_ASIDE)
    assert (tap(), behind.asked) == (303, 2)
    assert slip.counted(ticket) == [(5, world.nurse.id)]


@pytest.fixture
def environ(environ: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    return {**environ, **getattr(request, "param", {})}
