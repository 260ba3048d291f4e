"""The hospital's mark by upload: drawn anew, on every page under its hash, an SVG refused with its reason."""

import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from app import clock
from app.http.context import EXTENSION
from app.models import Event
from app.services.organisation import mark
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World

PAGE = "/console/mark"
SHOWN = re.compile(r'<img src="(/mark/[0-9a-f]{16}\.png)"')


@pytest.fixture
def admin(console: Console, world: World) -> FlaskClient:
    return console(world.admin)


def picture(kind: str, colour: int = 90) -> tuple[BytesIO, str]:
    content = BytesIO()
    Image.new("RGB", (300, 150), (0, colour, 160)).save(content, kind)
    return BytesIO(content.getvalue() + b"a hidden tail"), f"mark.{kind.lower()}"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_it_stands_on_every_page_under_its_hash(kind: str, admin: FlaskClient, app: Flask) -> None:
    assert not SHOWN.search(admin.get("/console").text)
    assert send(admin, PAGE, PAGE, mark=picture(kind)).status_code == 303
    [address] = set(SHOWN.findall(admin.get("/console").text))
    assert address in app.test_client().get("/nothing").text
    shown = app.test_client().get(address)
    assert "immutable" in shown.headers["Cache-Control"]
    assert b"a hidden tail" not in shown.data
    with Image.open(BytesIO(shown.data)) as mark:
        assert (mark.format, mark.size) == ("PNG", (96, 48))
    send(admin, PAGE, PAGE, mark=picture(kind, 91))
    assert SHOWN.findall(admin.get("/console").text) != [address]
    assert send(admin, PAGE, f"{PAGE}/remove").status_code == 303
    assert not SHOWN.search(admin.get("/console").text)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "SVG"),
        (b'<?xml version="1.0"?><!-- \xe5\x8c\xbb --><svg/>', "SVG"),
        (b"GIF89a", "照片"),
        (b"", "照片"),
    ],
)
def test_what_is_no_png_or_jpeg_is_refused_with_its_reason(content: bytes, said: str, admin: FlaskClient) -> None:
    answer = send(admin, PAGE, PAGE, mark=(BytesIO(content), "mark.png"))
    assert answer.status_code in {415, 422}
    assert said in answer.text
    assert not SHOWN.search(admin.get("/console").text)


def test_what_another_process_put_there_is_shown_soon(app: Flask, admin: FlaskClient, world: World) -> None:
    shown = app.extensions[EXTENSION].mark
    with world.database.transaction() as session:
        made = mark.put(session, picture("PNG", 92)[0].read(), by=world.admin.id, at=clock.now())
    assert not SHOWN.search(admin.get("/console").text)
    kept, shown.looks_at = shown.looks_at, clock.now()
    admin.get("/console")
    assert SHOWN.findall(admin.get("/console").text) == [f"/mark/{made.digest}.png"]
    shown.looks_at = kept
    shown.show(None)


def test_who_changed_it_is_on_record_and_nobody_else_may(admin: FlaskClient, console: Console, world: World) -> None:
    send(admin, PAGE, PAGE, mark=picture("PNG"))
    with world.database.reading() as session:
        [event] = session.scalars(select(Event).where(Event.kind == "mark_changed"))
    assert event.actor_id == world.admin.id
    assert set(event.data or {}) == {"digest"}
    for one in (world.supervisor, world.auditor):
        assert not offers(console(one), PAGE, PAGE)
    send(admin, PAGE, f"{PAGE}/remove")
