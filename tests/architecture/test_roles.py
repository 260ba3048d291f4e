"""Every role at every door, in one table that people can read: docs/doors.md, written from what the guards answer."""

from collections import defaultdict

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.http import guards
from app.paths import ROOT
from config.settings import SURFACES
from tests.conftest import Console, Phone
from tests.support.doors import Door, doors
from tests.support.world import World

DOCUMENT = ROOT / "docs" / "doors.md"
ROLES = ("nobody", "nurse", "engineer", "desk", "supervisor", "admin", "auditor")
HEAD = """# Doors 页面与角色

What each role is answered at the doors of a blueprint, by looking (GET) and by acting (POST), and in which processes
they stand (`SURFACES`). `in`: the door opens, and the page itself decides what is shown; `403`: shut; `sign-in`: the
way leads there; `401`: sign in first; `token` and `key`: for programs that bring one. Written from what every door
answered (`tests/architecture/test_roles.py`), which fails where this page is not true.

"""


@pytest.mark.slow("every door as every role")
def test_the_table_is_what_every_door_answers(
    app: Flask, world: World, phone: Phone, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    for endpoint in list(app.view_functions):
        monkeypatch.setitem(app.view_functions, endpoint, lambda **_: "in")  # who gets in, not what is there
    visitors = {"nobody": app.test_client(), "nurse": phone(world.nurse_identity)}
    visitors["engineer"] = phone(world.engineer_identity)
    visitors |= {role: console(getattr(world, role)) for role in ("desk", "supervisor", "admin", "auditor")}
    answers: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for door in doors(app):
        seen = [said(visitors[role].open(door.address, method=door.method), door) for role in ROLES]
        answers[door.blueprint, door.method].add(tuple(seen))
    assert {group: found for group, found in answers.items() if len(found) > 1} == {}
    lines = [f"| blueprint | | surfaces | {' | '.join(ROLES)} |", "|" + "---|" * (3 + len(ROLES))]
    lines += [row(*group, *found) for group, found in sorted(answers.items())]
    table = HEAD + "\n".join(lines) + "\n"
    assert DOCUMENT.read_text("utf-8") == table, f"write this into docs/doors.md:\n{table}"


def row(blueprint: str, method: str, answers: tuple[str, ...]) -> str:
    own = guards.GUARDS[blueprint].surfaces
    surfaces = "every" if own == set(SURFACES) else " ".join(surface for surface in SURFACES if surface in own)
    return f"| {blueprint} | {method} | {surfaces} | {' | '.join(answers)} |"


def said(answer: TestResponse, door: Door) -> str:
    who = guards.GUARDS[door.blueprint].who
    if answer.status_code == 401 and who in {guards.BEARER, guards.SYSTEM}:
        return "token" if who == guards.BEARER else "key"
    if answer.status_code in {301, 302} or (answer.status_code == 200 and answer.text != "in"):
        return "sign-in"
    return "in" if answer.status_code == 200 else str(answer.status_code)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "SANDBOX_URL": "http://localhost:8001"}


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = False  # so that it is the guard who answers; forms have a test of their own
    return app
