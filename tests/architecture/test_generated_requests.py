"""Whatever anybody sends to any door, as anybody: no 5xx, and nothing in an answer's head that a server cannot send."""

import os
from collections.abc import Iterator
from dataclasses import replace
from inspect import unwrap
from itertools import islice
from random import Random  # noqa: TID251 seeded: the same requests at every run

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request

from app.models import Ticket
from app.runtime import Runtime
from sandbox.accounts import MINI, SERVICE
from tests.conftest import Console, Phone
from tests.draws.story import DRAW_ID, Story
from tests.support.doors import Door, doors, real_parts
from tests.support.generated import Maker, Sent, forms
from tests.support.phone import bearer
from tests.support.wechat import Sandbox
from tests.support.world import WAYS, World

ROLES = ("nobody", "stranger", "nurse", "engineer", "desk", "supervisor", "admin", "auditor", "member", "newcomer")
PHONES = ("stranger", "nurse", "engineer")
BEARERS = ("member", "newcomer")
# Of all roles on both databases. The whole is GENERATED_REQUESTS=100000 and takes a quarter of an hour.
REQUESTS = int(os.environ.get("GENERATED_REQUESTS", "4000"))
ANEW = 250  # requests after which the pages are read again: forms are spent, tickets have moved


@pytest.mark.slow("thousands of requests: every door as everybody")
@pytest.mark.timeout(300 + REQUESTS // 20)
@pytest.mark.parametrize("role", ROLES)
def test_nothing_sent_breaks_it(role: str, app: Flask, generated: Iterator[Sent], visitor: FlaskClient) -> None:
    broken = [
        f"{answer} {sent}"[:2000]
        for sent in islice(generated, REQUESTS // len(ROLES) // 2)
        if (answer := fault(visitor, sent))
    ]
    assert not broken, f"{len(broken)} of them:\n" + "\n".join(broken[:30])


def fault(visitor: FlaskClient, sent: Sent) -> str:
    """What is wrong with the answer, if anything."""
    with ask(visitor, sent) as answer:
        answer.get_data()
        spoilt = [name for name, value in answer.headers if not (value.isascii() and value.isprintable())]
        return answer.status if answer.status_code >= 500 else ", ".join(spoilt)


def ask(visitor: FlaskClient, sent: Sent) -> TestResponse:
    cookies = "; ".join(f"{one.key}={one.value}" for one in (visitor._cookies or {}).values())  # noqa: SLF001 no other way to them
    return visitor.open(Request(sent.environ(cookies)))


@pytest.fixture
def generated(
    role: str, app: Flask, runtime: Runtime, world: World, visitor: FlaskClient, token: str
) -> Iterator[Sent]:
    """Requests to every door and of every form the pages have, without end."""
    tickets = [world.ticket(state) for state in WAYS]
    story = Story(world)
    story.rate(world.nurse)
    story.announce()
    return _generate(
        Random(f"{role} {runtime.database.engine.dialect.name}"), app, runtime, world, tickets, visitor, token
    )


def _generate(
    dice: Random, app: Flask, runtime: Runtime, world: World, tickets: list[Ticket], visitor: FlaskClient, token: str
) -> Iterator[Sent]:
    told = {"Authorization": f"Bearer {token}"} if token else {}
    maker = Maker(dice, tuple(ticket.number for ticket in tickets))
    while True:
        parts = [{**real_parts(runtime, world, ticket), "draw_id": DRAW_ID} for ticket in tickets]
        known = sorted({door for real in parts for door in doors(app, real=real)}, key=str)
        pages = [visitor.get(door.address, headers=told) for door in known if door.method == "GET"]
        shown = [form for page in pages if page.mimetype == "text/html" for form in forms(page.text)]
        for _ in range(ANEW):
            at_a_form = shown and dice.random() < 0.5
            sent = maker.of_form(dice.choice(shown)) if at_a_form else of_some_door(maker, app, dice.choice(known))
            yield replace(sent, headers={**told, **sent.headers})


def of_some_door(maker: Maker, app: Flask, door: Door) -> Sent:
    return maker.of_door(door, unwrap(app.view_functions[door.endpoint]).__module__)


@pytest.fixture
def visitor(role: str, app: Flask, world: World, phone: Phone, console: Console) -> FlaskClient:
    if role in PHONES:
        return phone(getattr(world, f"{role}_identity"))
    return app.test_client() if role in ("nobody", *BEARERS) else console(getattr(world, role))


@pytest.fixture
def token(role: str, world: World) -> str:
    return bearer(world, world.nurse if role == "member" else None) if role in BEARERS else ""


@pytest.fixture
def environ(environ: dict[str, str], wechat: Sandbox) -> dict[str, str]:
    of_service = {"WECHAT_SERVICE_TOKEN": SERVICE.token, "WECHAT_SERVICE_AES_KEY": SERVICE.aes_key}
    of_mini = {"WECHAT_MINI_APPID": MINI.appid, "WECHAT_MINI_SECRET": MINI.secret, "API_POSTS_PER_MINUTE": "0"}
    return {**environ, **of_service, **of_mini, "WECHAT_API_URL": wechat.url, "SANDBOX_URL": wechat.url}


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = False  # a token of the page is no obstacle to an attacker who has read the page
    return app
