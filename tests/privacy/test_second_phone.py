"""The second phone of somebody of the provider: it knows all that the provider knows, and no rating of it counts.

Nobody can tell whose a fresh WeChat is. So each of them fills every form there is, on the phone, in the mini-program
and at the console of the one who carries it, with a user's number, name and telephone, before the rating and after.
"""

import html
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import clock
from app.models import CountedRating, Employment, IdentityClaim, Person, Rating, RoleGrant, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services.codes import slip_pads
from app.services.identity import api_sessions
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from sandbox.accounts import MINI
from tests.conftest import Console, Phone
from tests.support.console_forms import HIDDEN
from tests.support.doors import doors, real_parts
from tests.support.phone import Phone as Program
from tests.support.world import APPID, BEGAN, World

FORM = re.compile(r'<form([^>]*method="post"[^>]*)>(.*?)</form>', re.DOTALL)
ACTION = re.compile(r' action="([^"]+)"')
FIELD = re.compile(r'<(?:input|select|textarea|button)[^>]* name="([^"]+)"')
LEAVES = ("/sign-out", "/my/unbind", "/my/data")


@pytest.mark.slow("every form of the phone and of the console")
@pytest.mark.parametrize("who", ["desk", "engineer", "manager"])
def test_no_rating_of_it_counts_whatever_it_fills_in(
    app: Flask, runtime: Runtime, world: World, phone: Phone, console: Console, who: str
) -> None:
    victim = world.second_nurse
    tickets = [world.ticket("finished", served=served) for served in (victim, world.ward)]
    with world.database.transaction() as session:
        slip_pads.reserve(session, 2, by=None, at=clock.now())
    carrier = manager(world) if who == "manager" else getattr(world, who)
    second, mini = fresh(world, APPID), fresh(world, MINI.appid)
    seats = [phone(second), phone(world.engineer_identity if who == "engineer" else second)]
    if who != "engineer":
        seats.append(console(carrier))
    program = program_of(app, world, mini)

    for _ in range(2):  # what was found in the first round opens more in the second
        for seat in seats:
            for ticket in tickets:
                fill_in_all(app, runtime, world, seat, ticket, victim)
        for ticket in tickets:
            try_program(program, runtime, ticket, victim)

    with world.database.reading() as session:
        bound = session.scalars(select(WeChatIdentity.person_id).where(WeChatIdentity.id.in_([second.id, mini.id])))
        given = session.scalar(
            select(func.count()).select_from(Rating).where(Rating.identity_id.in_([second.id, mini.id]))
        )
        claimed = session.scalar(select(func.count()).select_from(IdentityClaim))
        counted = session.scalar(select(func.count()).select_from(CountedRating))
    assert list(bound) == [None, None]
    assert (counted, given) == (0, 4)  # each rated, and claimed a number: it was really tried
    assert claimed == 2


def fill_in_all(app: Flask, runtime: Runtime, world: World, seat: FlaskClient, ticket: Ticket, victim: Person) -> None:
    facts = {
        "staff_number": victim.staff_number,
        "requester": victim.name,
        "name": victim.name,
        "last_four": victim.telephone[-4:],
        "level": "5",
        "decision": "approve",
        "served": "requester",
        "source": "phone",
        "category": str(world.printers.id),
        "description": "打印机",
    }
    for page in pages(app, runtime, world, ticket):
        shown = seat.get(page)
        for action, fields in forms(shown.text) if shown.mimetype == "text/html" else ():
            hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(fields)}
            filled = {name: hidden.get(name) or facts.get(name, "1") for name in FIELD.findall(fields)}
            assert seat.post(html.unescape(action), data=filled).status_code < 500


def forms(page: str) -> Iterator[tuple[str, str]]:
    for opening, fields in FORM.findall(page):
        (action,) = ACTION.findall(opening)
        if not action.startswith(LEAVES) and "/cancel" not in action and "still-broken" not in action:
            yield action, fields


def pages(app: Flask, runtime: Runtime, world: World, ticket: Ticket) -> list[str]:
    real = real_parts(runtime, world, ticket)
    found = (door.address for door in doors(app, "GET", real=real) if not door.rule.startswith(("/api/", "/wechat/")))
    return [*found, f"/my/bind?next=/w/{real['ward.token']}"]


def try_program(program: Program, runtime: Runtime, ticket: Ticket, victim: Person) -> None:
    token = runtime.links.ticket_path(ticket.id).removeprefix("/r/")
    known = {"staff_number": victim.staff_number, "name": victim.name}
    program.post("/binding", {**known, "last_four": victim.telephone[-4:]})
    program.post("/binding", {**known, "phone_proof": "made up"})
    if "rate" in program.scan(token)["acts"]:
        program.rate(token, 5)


def program_of(app: Flask, world: World, identity: WeChatIdentity) -> Program:
    with world.database.transaction() as session:
        tokens = api_sessions.begin(session, identity.id, at=clock.now())
    return Program(app.test_client(), access=tokens.access)


def fresh(world: World, account: str) -> WeChatIdentity:
    """A WeChat nobody has seen, which has agreed to the privacy notice."""
    with world.database.transaction() as session:
        now = clock.now()
        identity = WeChatIdentity(appid=account, openid="oSecondPhone", first_seen_at=now)
        identity.privacy_version, identity.privacy_at = PRIVACY_VERSION, now
        session.add(identity)
    return identity


def manager(world: World) -> Person:
    """The provider's, whom somebody has also made a supervisor: what the roles say, the employer takes back."""
    with world.database.transaction() as session:
        person = Person(staff_number="W0009", name="项目经理")
        session.add(person)
        session.flush()
        session.add_all(RoleGrant(person_id=person.id, role=role) for role in ("desk", "supervisor"))
        job = {"provider_id": world.provider.id, "team_id": world.team.id, "post_id": world.post.id}
        session.add(Employment(person_id=person.id, valid_from=BEGAN, **job))
    return person


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url
