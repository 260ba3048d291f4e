"""The public face: both teams by name for staff alone, unless the hospital publishes them; at every door."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.models import CorridorMeasure, DutyShift, Portrait
from tests.conftest import Console, Phone
from tests.support.world import ZONE, World

INSIDE, OUTSIDE = {"REMOTE_ADDR": "10.4.1.9"}, {"REMOTE_ADDR": "203.0.113.9"}
AppOf = Callable[..., Flask]


@pytest.fixture
def with_settings(environ: dict[str, str], request: pytest.FixtureRequest) -> AppOf:
    def made(**settings: str) -> Flask:
        environ.update(settings)
        app: Flask = request.getfixturevalue("app")
        return app

    return made


@pytest.fixture(autouse=True)
def staffed(world: World) -> None:
    """The engineer has consented to a photo; it is always somebody's shift; one thing was said and done."""
    now = clock.now()
    told = {"cause": "x", "action": "y", "said": "来得太慢", "did": "每栋楼有人", "published_at": now, "done_at": now}
    with world.database.transaction() as session:
        session.add(Portrait(person_id=world.engineer.id, content=b"\xff\xd8 photo", consented_at=now))
        for day in (-1, 0):
            for shift in ("day", "evening", "night"):
                on = (now.astimezone(ZONE) + timedelta(days=day)).date()
                session.add(DutyShift(person_id=world.engineer.id, post_id=world.post.id, day=on, shift=shift))
        session.add(
            CorridorMeasure(
                quarter=now.date().replace(day=1), dimension="department", value=str(world.ward.id), at=now,
                touchpoint="arrived", owner_id=world.supervisor.id, by_id=world.supervisor.id,
                done_by_id=world.supervisor.id, due_on=now.date(), **told,
            )
        )  # fmt: skip


def test_to_a_stranger_nobody_is_named(app: Flask, world: World) -> None:
    anybody = app.test_client()
    home = anybody.get("/")
    assert home.status_code == 200
    assert told(world, home.text) == []
    assert told(world, anybody.get("/team", follow_redirects=True).text) == []
    assert anybody.get(f"/team/{world.engineer.id}.jpg").status_code == 404
    spoof = anybody.get("/", headers={"X-Forwarded-For": "10.4.1.9"})
    assert told(world, spoof.text) == []


def test_who_is_bound_or_signed_in_sees_both_teams(world: World, phone: Phone, console: Console) -> None:
    for visitor in (phone(world.nurse_identity), phone(world.engineer_identity), console(world.supervisor)):
        looks(world, visitor)


def test_a_phone_bound_to_nobody_is_asked_to_bind(world: World, phone: Phone) -> None:
    stranger = phone(world.stranger_identity)
    assert stranger.get("/team").location.startswith("/my/bind")
    assert told(world, stranger.get("/").text) == []


def test_where_the_hospital_publishes_it_everybody_sees_it(with_settings: AppOf, world: World) -> None:
    looks(world, with_settings(PUBLIC_PAGES="internet").test_client())


def test_a_visitor_from_the_hospitals_network_is_staff(with_settings: AppOf, world: World) -> None:
    anybody = with_settings(HOSPITAL_NETWORKS="10.0.0.0/8,fd00::/8").test_client()
    looks(world, anybody, INSIDE)
    assert told(world, anybody.get("/", environ_overrides=OUTSIDE).text) == []
    assert anybody.get(f"/team/{world.engineer.id}.jpg", environ_overrides=OUTSIDE).status_code == 404


def test_nobody_is_shown_who_left_or_did_not_consent(world: World, phone: Phone) -> None:
    nurse = phone(world.nurse_identity)
    assert nurse.get(f"/team/{world.second_engineer.id}.jpg").status_code == 404
    assert nurse.get(f"/team/{world.nurse.id}.jpg").status_code == 404


def looks(world: World, visitor: FlaskClient, origin: dict[str, str] | None = None) -> None:
    home, team = (visitor.get(way, environ_overrides=origin or {}).text for way in ("/", "/team"))
    assert {"supervisor", "telephone", "engineer", "told"} <= {*told(world, home)}
    assert {"supervisor", "telephone", "engineer", "photo", "dress"} <= {*told(world, team)}
    assert visitor.get(f"/team/{world.engineer.id}.jpg", environ_overrides=origin or {}).data == b"\xff\xd8 photo"


def told(world: World, page: str) -> list[str]:
    of = {
        "supervisor": world.supervisor.name,
        "telephone": world.supervisor.telephone,
        "engineer": world.engineer.name,
        "photo": f"/team/{world.engineer.id}.jpg",
        "dress": "佩戴带照片的工牌",
        "told": "每栋楼有人",
    }
    return [name for name, text in of.items() if text in page]
