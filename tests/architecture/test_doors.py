"""Every door has a guard, stands only in the processes it belongs to, and lets in only whom it names."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, create_app
from app.db import Base, Database
from app.http import guards
from app.models import EnteredRating, EnteredRatingPhoto, IntegrityFlag, Ticket, TicketPhoto
from app.runtime import Runtime
from app.services import feed
from app.services.audit import seal
from app.services.audit.seal import Signer
from app.services.cases import complaints
from app.services.cases.complaints import ComplaintForm
from app.services.codes import slip_pads
from app.services.indicators.quarters import Quarter
from app.services.integrations import webhooks
from app.services.sheets import pages
from app.services.sheets.terms import Term
from app.web.blueprints import blueprints
from config.integrity import signals
from config.settings import SURFACES, CallbackSettings, Settings
from tests.architecture.public_face import PUBLIC_FACE
from tests.conftest import Console, Phone
from tests.draws.story import DRAW_ID, Story
from tests.privacy.life import appeal, badge_check
from tests.support.doors import Door, by_name, doors, real_parts
from tests.support.kept import Apps
from tests.support.world import WAYS, ZONE, World

STYLE = "/bootstrap/static/css/bootstrap.min.css"
OF_THE_DEMO = {"GET /demo/phone", "GET /demo/seat", "GET /demo/codes", "POST /demo/sign-in"}
# The provider never sees a rating, a complaint, nor the roster.
# Show a ticket, or a spot of the corridor, that the address names; here none is named.
LOOKS = {"/console/entered/new", "/console/print/pads/link", "/console/corridor/measures/new"} | {
    "/console/rules/<id:contract_id>/changes"
}
# What every form posts to, save a page that is one form; and what concerns whoever sends it alone.
POSTS = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]+)"')
OF_ONES_OWN = {"/sign-out", "/sign-in/password"}
OF_A_MANAGER = "/console/teams"  # the provider's own teams; the hospital has the corridor and the sheet
COMMITTEE_ONLY = "/console/draws/<draw_id>/claims/<id:claim_id>/photo"  # a winner's picture is nobody else's business
HOSPITAL_ONLY = (
    "/console/audit",
    "/console/ratings",
    "/console/entered",
    "/console/cases",
    "/console/people",
    "/console/draws",
    "/console/letters",
)
# A GET may send somebody to WeChat and keep the state of that trip; a receipt that a page shows is kept as shown; and
# whoever follows the feed numbers what was committed.
KEPT_BY_LOOKING = ("oauth_attempt", "console_scan", "draw_receipt", "feed_entry", "feed_mark")
THIS_QUARTER = Quarter.at(clock.now().astimezone(ZONE).date())
Everybody = Callable[[str], FlaskClient]


def test_a_door_without_a_guard_stops_the_start(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="the blueprint cellar has no guard"):
        guards.register(app, [Blueprint("cellar", __name__)])


def test_every_guard_has_its_door(app: Flask) -> None:
    assert set(guards.GUARDS) == set(app.blueprints)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_process_has_the_doors_of_its_surface_and_no_other(surface: str, settings: Settings, app: Flask) -> None:
    process = create_app(settings.model_copy(update={"surfaces": frozenset({surface})}))
    expected = {door for door in doors(app) if surface in guards.GUARDS[door.blueprint].surfaces}
    assert by_name(doors(process)) == by_name(expected)
    for door in set(doors(app)) - expected:
        assert process.test_client().open(door.address, method=door.method).status_code == 404, door


def test_the_face_to_the_internet_has_exactly_the_doors_listed_here(settings: Settings) -> None:
    public = settings.model_copy(update={"surfaces": frozenset({"public"})})
    assert by_name(doors(create_app(public))) == PUBLIC_FACE | OF_THE_DEMO
    assert by_name(doors(create_app(public.model_copy(update={"sandbox_url": ""})))) == PUBLIC_FACE


def test_production_never_has_the_doors_of_the_demo(settings: Settings) -> None:
    names = {blueprint.name for blueprint in blueprints(settings.model_copy(update={"env": "production"}))}
    assert "demo" not in names
    assert "scan" in names


@pytest.mark.parametrize(
    "address",
    ["/console", "/console/", "/console/tickets", "/console/nowhere", "/metrics", "/sign-in", STYLE],
)
def test_from_the_internet_the_console_does_not_exist(address: str, settings: Settings, apps: Apps) -> None:
    public = apps.of(settings.model_copy(update={"surfaces": frozenset({"public"})}))
    answer = public.test_client().get(address)
    assert answer.status_code == 404
    assert "bootstrap" not in answer.text
    apps.put_back(public)


def test_the_console_brings_its_own_style_sheet(app: Flask) -> None:
    with app.test_client().get(STYLE) as answer:
        assert answer.status_code == 200


def test_a_console_door_leads_to_the_sign_in_and_back(app: Flask, tickets_of_all_states: list[Ticket]) -> None:
    for door in console_doors(app):
        answer = app.test_client().open(door.address, method=door.method)
        if door.method == "POST":
            assert answer.status_code == 401, door
        else:
            way = urlsplit(answer.location)
            assert (answer.status_code, way.path, parse_qs(way.query)) == (302, "/sign-in", {"next": [door.address]})


@pytest.mark.parametrize("who", ["nurse", "engineer", "doctor"])
def test_the_console_is_shut_to_users_and_engineers(who: str, app: Flask, world: World, console: Console) -> None:
    visitor = console(getattr(world, who))
    for door in console_doors(app):
        assert visitor.open(door.address, method=door.method).status_code == 403, door


def test_the_desk_never_sees_ratings_nor_the_roster(app: Flask, world: World, console: Console) -> None:
    desk = console(world.desk)
    shut = [door for door in console_doors(app) if door.rule.startswith(HOSPITAL_ONLY)]
    assert {door.rule for door in shut} >= {"/console/ratings", "/console/people"}
    for door in shut:
        assert desk.open(door.address, method=door.method).status_code == 403, door


@pytest.mark.slow("every door of the console")
def test_an_auditor_reads_everything_and_changes_nothing(
    app: Flask, console: Console, world: World, tickets_of_all_states: list[Ticket]
) -> None:
    auditor = console(world.auditor)
    with world.database.transaction() as session:
        pages.refresh(session, Term(world.contract, THIS_QUARTER, ZONE), at=clock.now())
        url, types, at = "https://itsm.example.org", ["ticket.created"], clock.now()
        webhooks.add(session, name="ITSM", url=url, types=types, by=world.admin.id, at=at)
        badge_check(session, world, world.nurse, at)
        evidence: dict[str, list[int]] = {"answers": [], "tickets": []}
        seen = {"quarter": str(THIS_QUARTER), "signal": next(iter(signals())), "lead_id": world.engineer.id}
        counts = {"found": 3, "out_of": 4, "usual": 1, "numbers": {}, "evidence": evidence}
        session.add(IntegrityFlag(**seen, **counts, day=at.date(), at=at))
    for door in console_doors(app, tickets_of_all_states[0]):
        answer = auditor.open(door.address, method=door.method)
        shut = door.method == "POST" or door.rule == COMMITTEE_ONLY
        missing = answer.status_code in {400, 404, 422} and door.rule in {*LOOKS, OF_A_MANAGER}
        assert answer.status_code == 403 if shut else missing or answer.status_code < 400, door
        offered = set(POSTS.findall(answer.text)) if "html" in (answer.mimetype or "") else set()
        assert offered <= {*OF_ONES_OWN, door.address}, f"{door.rule} offers what refuses: {offered}"


def test_an_engineers_door_asks_who_is_there(
    app: Flask, world: World, phone: Phone, tickets_of_all_states: list[Ticket]
) -> None:
    nurse, stranger, unknown = phone(world.nurse_identity), phone(world.stranger_identity), app.test_client()
    found = [door for door in doors(app) if door.blueprint == "engineer"]
    assert len(found) >= 4
    for door in found:
        assert nurse.open(door.address, method=door.method).status_code == 403, door
        answer = stranger.open(door.address, method=door.method)
        if door.method == "POST":
            assert answer.status_code == 401, door
        else:
            assert urlsplit(answer.location).path == "/my/bind", door
            assert "请用微信打开" in unknown.get(door.address).text, door


def test_no_form_of_a_stranger_is_taken_from_anybody(
    settings: Settings, world: World, tickets_of_all_states: list[Ticket]
) -> None:
    """A form somebody else's page sends along with our cookie brings no token of this visit, nor WeChat's signature."""
    wechat = CallbackSettings(appid="wx01", token="token", aes_key="A" * 43, form="xml")
    app = create_app(settings.model_copy(update={"callbacks": {"service": wechat}}))
    runtime: Runtime = app.extensions["mashangping"]
    ticket = tickets_of_all_states[0]
    before = rows(world.database)
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(identity=world.engineer_identity.id, visit="v", oauth="o")
        session["console"] = {"person": world.admin.id, "seen": 2**40, "sign_outs": 0}
    for door in doors(app, "POST", real=real_parts(runtime, world, ticket)):
        answer = client.post(door.address, data={"level": "5", "digits": "00"})
        # The mini-program's doors ask for a token that no browser sends of itself, or take no form at all.
        assert answer.status_code in ({401, 415} if door.rule.startswith("/api/v1/") else {403}), door
    assert rows(world.database) == before
    runtime.database.engine.dispose()


@pytest.mark.slow("every door as everybody, for tickets of all states")
@pytest.mark.parametrize("who", ["nobody", "nurse", "engineer", "stranger", "desk", "supervisor", "admin"])
def test_looking_changes_nothing(
    who: str, app: Flask, runtime: Runtime, world: World, everybody: Everybody, tickets_of_all_states: list[Ticket]
) -> None:
    """A scanner, a preview and a prefetch all GET; none of it may rate, move, agree or tell anybody anything."""
    visitor = everybody(who)
    before = rows(world.database)
    parts = [real_parts(runtime, world, ticket) for ticket in tickets_of_all_states]
    for door in {door for real in parts for door in doors(app, "GET", "HEAD", real=real)}:
        assert visitor.open(door.address, method=door.method).status_code < 500, door
    assert rows(world.database) == before


def console_doors(app: Flask, ticket: Ticket | None = None) -> list[Door]:
    real = {"number": ticket.number if ticket else "20261001-0001", "draw_id": DRAW_ID}
    real |= {
        "quarter": str(THIS_QUARTER),
        "console_sheets.code": "C1.1",
        "console_registers.kind": "uniform",
        "console_lists.kind": "post",
        "month": "2026-10",
    }
    found = [door for door in doors(app, real=real) if door.rule.startswith("/console")]
    assert len(found) >= 10
    return found


def rows(database: Database) -> dict[str, list[str]]:
    """Every row of every table, save what a look may keep."""
    tables = {name: table for name, table in Base.metadata.tables.items() if name not in KEPT_BY_LOOKING}
    with database.reading() as session:
        return {name: sorted(map(str, session.execute(select(table)))) for name, table in tables.items()}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # who may enter is no question of the database


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "SANDBOX_URL": "http://localhost:8001"}


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = False  # so that it is the guard who answers; forms have a test of their own
    return app


@pytest.fixture
def tickets_of_all_states(world: World) -> list[Ticket]:
    """The first has a photo and a complaint; slips lie ready, ratings were given and entered, a draw is announced."""
    found = [world.ticket(state) for state in WAYS]
    about: dict[str, Any] = {"ticket_id": found[0].id, "at": clock.now()}
    with world.database.transaction() as session:
        session.add(TicketPhoto(media_type="image/jpeg", content=b"a picture", **about))
        by: dict[str, Any] = {"by": world.nurse.id, "at": clock.now(), "channel": "mini"}
        made = complaints.complain(session, found[0], ComplaintForm("慢"), **by)
        for row in appeal(world, made.id, clock.now()):
            session.add(row)
            session.flush()
        slip_pads.reserve(session, 1, by=None, at=clock.now())
        given = {
            "source": "paper",
            "level": 4,
            "given_at": clock.now(),
            "by_id": world.supervisor.id,
            "at": clock.now(),
        }
        session.add(EnteredRating(completion_id=1, **given))
        session.flush()
        session.add(EnteredRatingPhoto(completion_id=1, media_type="image/jpeg", content=b"a slip", at=clock.now()))
    story = Story(world)
    story.rate(world.nurse)
    story.announce()
    with world.database.transaction() as session:
        feed.number(session)
        seal.seal(session, Signer("log"), at=clock.now())
    return found


@pytest.fixture
def everybody(app: Flask, world: World, phone: Phone, console: Console) -> Everybody:
    def come(who: str) -> FlaskClient:
        if who in {"nurse", "engineer", "stranger"}:
            return phone(getattr(world, f"{who}_identity"))
        return app.test_client() if who == "nobody" else console(getattr(world, who))

    return come
