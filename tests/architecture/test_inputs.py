"""What no door takes, refused in one place: control characters, NUL however it comes, numbers no column holds."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from app.db import Database
from app.models import Rating
from tests.conftest import Console, Phone
from tests.support.doors import Door, doors
from tests.support.world import World

HELD_OUT = re.compile(r'name="visit" value="([^"]+)"')
HIDDEN_NUL: dict[str, dict[str, Any]] = {
    "value": {"name": "a\0b"},
    "name": {"na\0me": "b"},
    "file name": {"photo": (BytesIO(b"x"), "a\0.jpg")},
}


@pytest.mark.parametrize("sign", ["%00", "%0a", "%0d%0aSet-Cookie:x=1", "%1b[2J", "%7f", "%c2%85"])
def test_an_address_with_a_control_character_is_refused_before_anything_looks_at_it(
    sign: str, app: Flask, client: FlaskClient
) -> None:
    for door in variable_doors(app):
        assert client.open(door.address + sign, method=door.method).status_code == 400, door


def test_nobody_is_sent_to_wechat_with_a_line_end_in_the_way_back(client: FlaskClient) -> None:
    wechat = {"User-Agent": "MicroMessenger"}
    assert client.get("/my/receipts/2026%0a", headers=wechat).status_code == 400
    assert client.get("/my/receipts/2026%20", headers=wechat).status_code == 302


@pytest.mark.parametrize("where", HIDDEN_NUL)
def test_a_nul_in_a_form_with_files_is_refused_wherever_it_hides(where: str, world: World, console: Console) -> None:
    admin = console(world.admin)
    admin.application.config["WTF_CSRF_ENABLED"] = False
    for path in ("/console/tickets/new", "/console/draws/new"):
        data = {
            name: (BytesIO(b"x"), value[1]) if isinstance(value, tuple) else value
            for name, value in HIDDEN_NUL[where].items()
        }
        answer = admin.post(path, data=data, content_type="multipart/form-data")
        assert answer.status_code == 400, path


def test_a_number_no_column_holds_is_a_bad_request(world: World, phone: Phone) -> None:
    """PostgreSQL says so of a cycle, which is a small number; SQLite holds it, and finds nothing."""
    engineer = phone(world.engineer_identity)
    ticket = world.ticket("finished")
    form = HELD_OUT.search(engineer.get("/engineer").text)
    assert form
    told = {"cycle": "99999", "ago": "1", "visit": form[1]}
    expected = {"postgresql": 400, "sqlite": 404}[world.database.engine.dialect.name]
    assert engineer.post(f"/engineer/{ticket.number}/shown", data=told).status_code == expected


@pytest.mark.parametrize("number", [2**31, 2**63, 2**64])
def test_python_and_each_database_refuse_a_number_in_a_way_the_floor_of_the_doors_knows(
    number: int, app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look() -> str:
        with database.reading() as session:
            return str(session.scalars(select(Rating.level).where(Rating.level == number)).all())

    monkeypatch.setitem(app.view_functions, "health.healthz", look)
    assert app.test_client().get("/healthz").status_code in ({200, 400} if number < 2**63 else {400})


def test_half_a_form_is_none(client: FlaskClient) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = False
    environ = EnvironBuilder("/sign-in", method="POST", data={"staff_number": "W0001", "password": "x"}).get_environ()
    cut = {"wsgi.input": BytesIO(b"staff_number=W0001&passw"), "wsgi.input_terminated": True}
    answer = client.open(Request({**environ, **cut}))
    assert answer.status_code == 400


@pytest.mark.parametrize("digits", [19, 5000])
def test_a_row_with_a_number_of_any_length_is_not_there(digits: int, world: World, console: Console) -> None:
    assert console(world.admin).get(f"/console/people/{'9' * digits}").status_code == 404


def variable_doors(app: Flask) -> list[Door]:
    found = [door for door in doors(app) if "<" in door.rule]
    assert len(found) > 50
    return found
