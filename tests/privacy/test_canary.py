"""The law of the rater's protection, walked: whatever anybody of the provider opens, it is as if nobody had rated.

Two walks over every address, before and after services are rated, praised, complained about, entered from paper and
set aside; the second must bring the very same answers, headers and all. HEAD is a GET whose body is left off, so it
is not walked; on SQLite alone, as the filters are the same statements on both databases.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.http.guards import ANYONE, BEARER, CONSOLE, GUARDS, PHONE
from app.jobs import history, sheets
from app.models import Employment, Notice, Person, Post, RoleGrant, WeChatIdentity
from app.models.notice import NOTICE_STATES
from app.models.ticket import STATES
from app.pagination import Cursor
from app.runtime import Runtime
from app.services.identity import api_sessions
from app.services.notices import content
from config.notices import notice_kinds
from tests.conftest import Console, Phone
from tests.draws.story import DRAW_ID
from tests.privacy import canary as bird
from tests.privacy.canary import Canary, arrive
from tests.support.doors import doors, real_parts
from tests.support.scan_forms import Slip
from tests.support.world import BEGAN, ZONE, World

# Ways in, WeChat's own doors, the health of the process; files that are the same for everybody.
NO_PAGES = {"sign_in", "sign_in_phone", "wechat", "callback", "health", "metrics", "verify", "bind"}
NO_ROWS = {"console.print_font", "console.print_paper", "api_document.document"}
DRAWS = {"draws", "draw_check"}  # the same for everybody, so one phone and the desk are enough
PUBLISHED = "published draws"
# Form tokens and the state of a sign-in; what is counted down; when an export was made.
MADE_ANEW = re.compile(
    rb'(name="(?:visit|csrf_token)" value="|"form":\s*"|state=)[^"&]+|data-(?:days|hours|minutes)>\d+|^ "at": "[^"]+"',
    re.M,
)
NUMBERS = re.compile(rb"(?<![0-9A-Za-z])80527\d\d(?![0-9A-Za-z])")


@dataclass(frozen=True)
class Seen:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Visitor:
    """Somebody and the doors that are theirs to try, by how a door asks who is there."""

    client: FlaskClient
    doors: tuple[str, ...]
    token: str = ""

    def open(self, way: str) -> Seen:
        return seen(self.client.get(way, headers={"Authorization": f"Bearer {self.token}"} if self.token else {}))


Ways = dict[str, list[str]]
Walk = dict[tuple[str, str], Seen]


@pytest.mark.slow("some nine hundred pages")
def test_nobody_of_the_provider_learns_that_anybody_rated(
    app: Flask, runtime: Runtime, world: World, provider: dict[str, Visitor], console: Console
) -> None:
    canary = arrive(world)
    ways = addresses(app, runtime, canary)
    then = (clock.now() + timedelta(minutes=2)).replace(second=59, microsecond=0)
    runtime.watch.follow()  # what happened until now moves no page any more
    before, told = look(runtime, provider, ways, canary, then), told_to_provider(world)
    stand_still(then - timedelta(seconds=50))
    canary.rate()
    after = look(runtime, provider, ways, canary, then)

    assert [way for way, seen in after.items() if seen != before[way]] == []
    assert {way: found for way, seen in after.items() if (found := traces(way[1], seen, canary))} == {}
    assert told_to_provider(world) == told
    assert not any(word in text for text in messages(runtime, world) for word in bird.WORDS)

    # The walk can fail: at the same doors the hospital's supervision is shown all of it.
    shown = walk({"supervisor": Visitor(console(world.supervisor), (CONSOLE,))}, ways, then)
    everything = {*bird.SHOWN, *canary.shown, "a picture", "a number"}
    assert everything - {one for way, seen in shown.items() for one in traces(way[1], seen, canary)} == set()


def look(runtime: Runtime, visitors: dict[str, Visitor], ways: Ways, canary: Canary, then: datetime) -> Walk:
    """With what the worker does meanwhile: the history sealed, the quarter's figures counted."""
    stand_still(then - timedelta(seconds=50))
    history.take_all(runtime)
    sheets.count_all(runtime)
    return walk(visitors, ways, then) | tries(runtime, visitors, canary, then)


def walk(visitors: dict[str, Visitor], ways: Ways, then: datetime) -> Walk:
    found = {}
    for name, visitor in visitors.items():
        for way in (way for kind in visitor.doors for way in ways[kind]):
            stand_still(then)
            found[name, way] = visitor.open(way)
    return found


def stand_still(moment: datetime) -> None:
    """It is this moment again for whatever reads the clock: pages say how many minutes are left."""
    clock.run_ahead(timedelta())
    clock.run_ahead(moment - clock.now())


def tries(runtime: Runtime, visitors: dict[str, Visitor], canary: Canary, then: datetime) -> Walk:
    """Each phone taps a level, with a good form: the refusal must not say that somebody was quicker."""
    stand_still(then)
    slip, phones = Slip(runtime), {name: one for name, one in visitors.items() if PHONE in one.doors}
    return {
        (name, f"rates {ticket.number}"): seen(slip.rate(one.client, ticket, 3))
        for name, one in phones.items()
        for ticket in canary.tickets
    }


def seen(answer: TestResponse) -> Seen:
    with answer:
        headers = [(name, value) for name, value in answer.headers if name not in {"Date", "Set-Cookie"}]
        kept = tuple((name, MADE_ANEW.sub(b"", value.encode()).decode()) for name, value in headers)
        return Seen(answer.status_code, kept, MADE_ANEW.sub(b"", answer.data))


def traces(asked: str, seen: Seen, canary: Canary) -> set[str]:
    """What of the canary stands in an answer or its headers, besides the address that was asked for."""
    body = seen.body.replace(asked.encode(), b"")
    text = body.decode("utf-8", "ignore") + str(seen.headers)
    found = {word for word in (*bird.WORDS, canary.claim_code) if word in text}
    found |= {what for what, forms in canary.written().items() if any(form in text for form in forms)}
    found |= {"a picture"} if any(picture in body for picture in bird.PICTURES) else set()
    return found | ({"a number"} if NUMBERS.search(body) else set())


def addresses(app: Flask, runtime: Runtime, canary: Canary) -> Ways:
    """Every address that can be looked at, of each of the tickets, and every filter of every list."""
    ways: dict[str, dict[str, None]] = defaultdict(dict)
    drawn = {"draw_id": DRAW_ID, "entry": canary.entry, "person_id": str(canary.person.id), **canary.hidden}
    for ticket in canary.tickets:
        real = {**real_parts(runtime, canary.world, ticket), **drawn}
        ways[BEARER] |= {f"/api/v1/scan/{real['scan.token']}": None, f"/api/v1/ward/{real['ward.token']}": None}
        for name in canary.published:
            for door in doors(app, "GET", real={**real, "draws.name": name}):
                if door.blueprint not in NO_PAGES and door.endpoint not in NO_ROWS:
                    ways[PUBLISHED if door.blueprint in DRAWS else GUARDS[door.blueprint].who][door.address] = None
    return {kind: [*found, *(filtered(canary) if kind == CONSOLE else ())] for kind, found in ways.items()}


def filtered(canary: Canary) -> Iterator[str]:
    world, day = canary.world, f"{canary.now - timedelta(days=4):%Y-%m-%d}"
    where, who = f"department={world.ward.id}", f"engineer={world.engineer.id}"
    # What was hidden, asked for as where a list goes on: by its id, and by its moment.
    answered = (canary.now - timedelta(days=3)).replace(hour=3, minute=47, second=0, microsecond=0)
    after = [f"after={bird.ROWS}", "after=3", f"after={Cursor(answered, 0)}"]
    for query in (*(f"state={state}" for state in (*STATES, "open")), where, who, f"from={day}&to={day}", *after):
        yield f"/console/tickets?{query}"
    for query in ("order=oldest", "state=open&order=due", "state=open&order=priority", "state=closed&order=due"):
        yield f"/console/tickets?{query}"
    # The lists as files: what is on the page, and not a word more.
    ours = "audit", "cases", "draws", "entered", "integrity", "people", "ratings"
    for path in ("assets", "downtime", "incidents", "notices", "registers/knowledge", "tickets", *ours):
        yield f"/console/{path}?as=csv"
    yield "/console/notices?state=waiting&order=next"
    for query in (*(f"state={state}" for state in NOTICE_STATES), *after, f"person={world.nurse.staff_number}"):
        yield f"/console/notices?{query}"
    for ticket in canary.tickets:
        yield f"/console/tickets?q={ticket.number}"
        yield f"/console/notices?ticket={ticket.number}"
        yield f"/console/notices?ticket={ticket.number}&as=csv"
        yield f"/console/print?what=slips&number={ticket.number}"
        yield f"/console/print/pads/link?slip=2&ticket={ticket.number}"
    for what in ("wards", "assets", "places"):
        yield f"/console/print?what={what}"
    yield "/console/assets?show=places"
    for half in (bird.NAME[:2], bird.NUMBER[:5], bird.TELEPHONE[-4:], bird.COMMENT[:3], bird.GRIEF[:3]):
        yield f"/console/tickets?q={half}"  # what is found may not depend on it; a whole word would be found as typed
    yield from (f"/console/ratings?{where}", f"/console/ratings?{who}&show=pressed")


def told_to_provider(world: World) -> dict[int, str]:
    """Every notice to somebody a provider employs."""
    today = clock.now().astimezone(ZONE).date()
    query = select(Notice.id, Notice.kind).join(Employment, Employment.person_id == Notice.person_id)
    with world.database.reading() as session:
        return {row.id: row.kind for row in session.execute(query.where(Employment.of_provider(today, today)))}


def messages(runtime: Runtime, world: World) -> Iterator[str]:
    """All that any channel can say of them: what they are made of, card and robot text, template fields, address."""
    told, kinds, zone = told_to_provider(world), notice_kinds(), runtime.settings.timezone
    with world.database.reading() as session:
        found = content.contexts(session, list(told))
    assert found
    for notice, facts in found.items():
        kind = kinds[told[notice]]
        yield f"{facts} {facts.name} {kind.title} {content.text(kind, facts, zone)}"
        yield content.url(kind, facts, runtime.links, runtime.settings.console_url)
        if kind.service:
            yield f"{content.fields(kind, kind.service, facts, zone)}"
        if kind.mini:
            yield f"{content.fields(kind, kind.mini, facts, zone)} {content.page(kind.mini, facts, runtime.links)}"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def provider(app: Flask, world: World, phone: Phone, console: Console) -> dict[str, Visitor]:
    """The desk; phones of who led, who helped, a colleague, one who has left for the ward, one unbound since."""
    today = clock.now().astimezone(ZONE).date()
    colleague = employed(world, "W0005", last=None)
    manager = quality_manager(world)
    left = employed(world, "W0006", last=today - timedelta(days=1))
    with world.database.transaction() as session:
        session.add(Employment(person_id=left.id, department_id=world.ward.id, valid_from=today))
        session.get_one(WeChatIdentity, world.stranger_identity.id).provider_staff = True
    left_phone = world.bind(left)
    with world.database.transaction() as session:
        tokens = {
            f"the mini-program of {name}": api_sessions.begin(session, identity.id, at=clock.now()).access
            for name, identity in (("who led", world.engineer_identity), ("who left", left_phone))
        }
    phones = {
        "who helped": world.bind(world.second_engineer),
        "a colleague": world.bind(colleague),
        "who left": left_phone,
        "who is unbound": world.stranger_identity,
    }
    return {
        "the desk": Visitor(console(world.desk), (CONSOLE, PUBLISHED)),
        "the quality manager": Visitor(console(manager), (CONSOLE,)),
        "who led": Visitor(phone(world.engineer_identity), (ANYONE, PHONE, PUBLISHED)),
        **{name: Visitor(phone(identity), (ANYONE, PHONE)) for name, identity in phones.items()},
        **{name: Visitor(app.test_client(), (BEARER,), token) for name, token in tokens.items()},
    }


def quality_manager(world: World) -> Person:
    """Whom a low score is handed to after the call-back; before that they know no more than anybody else."""
    with world.database.transaction() as session:
        post = Post(code="manager", name="项目经理", provider_id=world.provider.id)
        session.add(post)
        session.flush()
        manager = Person(staff_number="W0007", name="同事W0007")
        session.add(manager)
        session.flush()
        session.add(RoleGrant(person_id=manager.id, role="desk"))
        job = {"provider_id": world.provider.id, "team_id": world.team.id, "post_id": post.id}
        session.add(Employment(person_id=manager.id, valid_from=BEGAN, **job))
    return manager


def employed(world: World, staff_number: str, *, last: date | None) -> Person:
    with world.database.transaction() as session:
        person = Person(staff_number=staff_number, name=f"同事{staff_number}")
        session.add(person)
        session.flush()
        job = {"provider_id": world.provider.id, "team_id": world.team.id, "post_id": world.post.id}
        session.add(Employment(person_id=person.id, valid_from=BEGAN, valid_to=last, **job))
    return person
